//! Reads a mailbox by IMAP.
