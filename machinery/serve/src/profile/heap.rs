//! Who holds the memory that is in use: samples that the allocator takes all the time, one for each 4 MB or so. A process with another
//! allocator has none.

/// A gzipped profile. It blocks: what is sampled is written to a file of its own, read, and the names are looked up.
pub(super) fn take() -> Result<Vec<u8>, String> {
    let samples = jemalloc_pprof::PROF_CTL.as_ref();
    let samples = samples.ok_or("this process has an allocator that takes no samples")?;
    samples
        .blocking_lock()
        .dump_pprof()
        .map_err(|error| error.to_string())
}
