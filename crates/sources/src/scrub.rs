//! Known secrets, replaced before sealing.
