//! What the kernel allows: real-time priority, and memory that stays in memory.

use super::{Finding, Machine};

const ABOUT: &str = "limits";
/// The priority that the performer asks for.
const PRIORITY: u64 = 40;
const HOW: &str = "in a service `LimitRTPRIO=40` and `LimitMEMLOCK=infinity`; for a user of one's own add \
                   `@audio - rtprio 40` and `@audio - memlock unlimited` to /etc/security/limits.conf and log in anew";

/// The limits of the box if it runs, else of this program.
pub fn check(machine: &Machine) -> Vec<Finding> {
    if machine.user.uid == 0 {
        return vec![Finding::ok(ABOUT, "root has no limits")];
    }
    let (whose, limits) = match running(machine) {
        Some(pid) => ("the box that runs", machine.at(format!("/proc/{pid}/limits"))),
        None => ("this terminal", machine.at("/proc/self/limits")),
    };
    let Ok(text) = std::fs::read_to_string(limits) else {
        return vec![Finding::warn(ABOUT, "the kernel does not tell its limits (/proc/self/limits)", HOW)];
    };
    let at_most = |name: &str| {
        let line = text.lines().find_map(|line| line.strip_prefix(name))?;
        // Soft limit, hard limit: the program raises its soft one itself.
        match line.split_whitespace().nth(1)? {
            "unlimited" => Some(u64::MAX),
            number => number.parse().ok(),
        }
    };
    let priority = at_most("Max realtime priority").unwrap_or(0);
    let memory = at_most("Max locked memory").unwrap_or(0);
    let mut findings = Vec::new();
    if priority < PRIORITY {
        let found = format!("{whose} may have real-time priority {priority} of {PRIORITY}: notes may be late");
        findings.push(Finding::warn(ABOUT, found, HOW));
    }
    if memory != u64::MAX {
        let found =
            format!("{whose} may lock {} kB of memory: notes may be late when memory runs short", memory / 1024);
        findings.push(Finding::warn(ABOUT, found, HOW));
    }
    if findings.is_empty() {
        findings.push(Finding::ok(ABOUT, format!("{whose} may have real-time priority and lock its memory")));
    }
    findings
}

/// A `rasikad` other than this one.
fn running(machine: &Machine) -> Option<String> {
    let own = std::process::id().to_string();
    machine.names("/proc", "").into_iter().find(|pid| {
        pid.bytes().all(|byte| byte.is_ascii_digit())
            && *pid != own
            && machine.line(format!("/proc/{pid}/comm")).as_deref() == Some("rasikad")
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::Verdict;
    use crate::doctor::tree::{Tree, says};

    fn limits(priority: &str, memory: &str) -> String {
        format!(
            "Limit                     Soft Limit           Hard Limit           Units     \n\
             Max locked memory         8388608              {memory:<20} bytes     \n\
             Max realtime priority     0                    {priority:<20}           \n"
        )
    }

    #[test]
    fn the_hard_limits_decide() {
        let tree = Tree::new();
        tree.file("/proc/self/limits", limits("0", "8388608"));
        let found = check(&tree.machine());
        assert_eq!(found.len(), 2);
        says(&found, Verdict::Warn, &["priority 0 of 40", "rtprio"]);
        says(&found, Verdict::Warn, &["8192 kB", "memlock"]);
        tree.file("/proc/self/limits", limits("40", "unlimited"));
        says(&check(&tree.machine()), Verdict::Ok, &["this terminal"]);
    }

    #[test]
    fn the_box_that_runs_is_asked_first() {
        let tree = Tree::new();
        tree.file("/proc/self/limits", limits("0", "8388608"));
        tree.file("/proc/99999999/comm", "rasikad\n");
        tree.file("/proc/99999999/limits", limits("95", "unlimited"));
        says(&check(&tree.machine()), Verdict::Ok, &["the box that runs"]);
    }
}
