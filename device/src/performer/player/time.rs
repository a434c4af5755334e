//! The system's steady clock, sleeping to absolute times, real-time priority, and memory that stays.

/// Priority asked for among SCHED_FIFO's 1–99: above ordinary work, below the kernel's own threads at 50.
const PRIORITY: libc::c_int = 40;

/// Microseconds on the steady clock.
pub fn now_us() -> u64 {
    let mut now = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: `now` is a valid timespec to write to; CLOCK_MONOTONIC exists on every Linux.
    unsafe { libc::clock_gettime(libc::CLOCK_MONOTONIC, &raw mut now) };
    now.tv_sec as u64 * 1_000_000 + now.tv_nsec as u64 / 1000
}

/// Sleeps until a time on the steady clock; returns at once if it is past.
pub fn sleep_until_us(until_us: u64) {
    let until = libc::timespec {
        tv_sec: (until_us / 1_000_000) as libc::time_t,
        tv_nsec: (until_us % 1_000_000 * 1000) as libc::c_long,
    };
    // SAFETY: `until` is a valid timespec with less than a second of nanoseconds; an absolute sleep writes no rest.
    while unsafe {
        libc::clock_nanosleep(libc::CLOCK_MONOTONIC, libc::TIMER_ABSTIME, &raw const until, std::ptr::null_mut())
    } == libc::EINTR
    {}
}

/// Asks for SCHED_FIFO for this thread.
///
/// # Errors
/// When the user may not have it.
pub fn ask_for_real_time() -> std::io::Result<()> {
    let parameters = libc::sched_param { sched_priority: PRIORITY };
    // SAFETY: thread 0 is the calling one, and `parameters` is a valid sched_param.
    match unsafe { libc::sched_setscheduler(0, libc::SCHED_FIFO, &raw const parameters) } {
        0 => Ok(()),
        _ => Err(std::io::Error::last_os_error()),
    }
}

/// Keeps what this program has in memory there, and what it will touch: a page read back from a disk takes longer than
/// a note may be late.
///
/// # Errors
/// When the user may not lock as much as there is. Nothing is locked then: under a limit a later allocation would fail.
pub fn lock_memory() -> std::io::Result<()> {
    let mut limit = libc::rlimit { rlim_cur: libc::RLIM_INFINITY, rlim_max: libc::RLIM_INFINITY };
    // SAFETY: `limit` is a valid rlimit to read and to write; a refusal to raise it leaves the limit as it is.
    unsafe {
        libc::setrlimit(libc::RLIMIT_MEMLOCK, &raw const limit);
        libc::getrlimit(libc::RLIMIT_MEMLOCK, &raw mut limit);
    }
    if limit.rlim_cur != libc::RLIM_INFINITY {
        return Err(std::io::Error::from_raw_os_error(libc::EPERM));
    }
    // Only what is touched: the whole of every library and stack would be a burden to a small board.
    // SAFETY: locking changes where pages are kept and not what they hold.
    match unsafe { libc::mlockall(libc::MCL_CURRENT | libc::MCL_FUTURE | libc::MCL_ONFAULT) } {
        0 => Ok(()),
        _ => Err(std::io::Error::last_os_error()),
    }
}
