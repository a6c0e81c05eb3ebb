"""Is this kata fit to be practised on?"""
