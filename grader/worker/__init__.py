"""What runs beside the candidate's code: it answers requests and decides nothing."""
