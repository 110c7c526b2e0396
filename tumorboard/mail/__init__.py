"""Letters to members: composed from facts without a patient, put on the wire, carried by SMTP."""
