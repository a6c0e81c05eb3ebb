"""`kata watch`: every save is graded, by a judge that stays warm, on a screen that stays awake."""
