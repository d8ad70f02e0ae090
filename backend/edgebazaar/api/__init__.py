"""The REST interface: app factory, authentication, errors, pagination."""
