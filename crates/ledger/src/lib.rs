//! The ground state: WAL, sequencer, signing, tiles and evidence on disk, recovery, verified reading.
