"""Predict, then see: what a candidate's own code does when asked something unkind."""
