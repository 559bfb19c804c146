"""The sync core in virtual time, against a vendor and a store in memory."""
