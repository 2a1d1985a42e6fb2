"""The way in: sign in, accept an invitation, prove again who one is, sign out."""
