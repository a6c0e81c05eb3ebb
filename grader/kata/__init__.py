"""What a kata's folder says, document by document."""
