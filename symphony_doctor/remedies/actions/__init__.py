"""The actions that the doctor brings along; they are found as those of other distributions are."""
