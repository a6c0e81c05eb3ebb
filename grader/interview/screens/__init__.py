"""The terminals a round is shown on."""
