"""The lifecycle of the marketplace, from enrolment to audit, run end to end."""
