//! A clock that nobody sets: for how long this machine has been up.

use std::time::Duration;

/// A reading of a clock that only ever runs on, whatever is done to the time of day.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Uptime {
    /// Which clock it is: readings of two clocks say nothing about each other. Has no blanks.
    pub clock: String,
    /// What it says.
    pub millis: u64,
}

impl Uptime {
    /// How long after `earlier` this was read, if that was on the same clock.
    pub fn since(&self, earlier: &Self) -> Option<Duration> {
        let passed = self.millis.checked_sub(earlier.millis)?;
        (self.clock == earlier.clock).then_some(Duration::from_millis(passed))
    }

    /// The reading as one line of text.
    pub fn to_text(&self) -> String {
        let Self { clock, millis } = self;
        format!("{clock} {millis}")
    }

    /// Reads what [`Uptime::to_text`] wrote.
    pub fn parse(text: &str) -> Option<Self> {
        let (clock, millis) = text.split_once(' ')?;
        Some(Self { clock: clock.to_owned(), millis: millis.parse().ok()? })
    }

    /// The reading that Linux gives: the boot and the namespaces, within which `/proc/uptime` runs
    /// on, and its first number, in seconds with two decimals.
    pub(super) fn of_linux(boot: &str, namespaces: &[String], uptime: &str) -> Option<Self> {
        let (seconds, rest) = uptime.split_once('.')?;
        let (hundredths, _idle) = rest.split_once(' ')?;
        let seconds: u64 = seconds.parse().ok()?;
        let hundredths: u64 = hundredths.parse().ok().filter(|_| hundredths.len() == 2)?;
        let millis = seconds.checked_mul(1000)?.checked_add(hundredths * 10)?;
        let clock = [boot.trim(), &namespaces.join("/")].join("/");
        (!clock.contains(char::is_whitespace)).then_some(Self { clock, millis })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_readings_of_one_clock_tell_how_much_time_passed() {
        let read = |clock: &str, millis| Uptime { clock: clock.to_owned(), millis };
        let later = read("a", 5000);
        assert_eq!(later.since(&read("a", 1500)), Some(Duration::from_millis(3500)));
        assert_eq!(later.since(&read("b", 1500)), None);
        assert_eq!(later.since(&read("a", 5001)), None);
        assert_eq!(Uptime::parse(&later.to_text()), Some(later));
    }

    #[test]
    fn what_linux_says_is_read_to_the_hundredth_or_not_at_all() {
        let read = |uptime| Uptime::of_linux("boot\n", &["pid:[1]".into()], uptime);
        let clock = "boot/pid:[1]".to_owned();
        assert_eq!(read("350735.47 234388.90\n"), Some(Uptime { clock, millis: 350_735_470 }));
        for odd in ["", "350735 1.00", "350735.4 1.00", "-1.00 1.00", "x.00 1.00"] {
            assert_eq!(read(odd), None, "{odd}");
        }
    }
}
