//! A state copied to another place, of whatever engine: all of it, the audit chain too.

use std::path::Path;

use super::{Link, Location, Reading, State, StateError, Store, postgres, sqlite};

/// What came of a copy.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Copied {
    /// How many restrictions it holds.
    pub rows: usize,
    /// Where its audit log ends.
    pub head: Link,
}

impl State {
    /// Copies the state to a place where none is, and looks whether all of it has arrived.
    pub fn copy_to(&mut self, to: &Location) -> Result<Copied, StateError> {
        let head = sound(&**self)?;
        let copied = match to {
            Location::File(path) => {
                sqlite::State::make_directory(path)?;
                into_file(&*self.view()?.0, path)?;
                Self::read(to)?
            }
            Location::Server(url) => {
                let view = self.view()?;
                Some(postgres::fill(url, &*view.0)?)
            }
            Location::Memory => None,
        };
        let Some(mut copied) = copied else {
            return Err(StateError::Foreign { location: to.clone(), what: NOWHERE.to_owned() });
        };
        let rows = count(self)?;
        if sound(&*copied)? != head || count(&mut copied)? != rows {
            return Err(StateError::Foreign { location: to.clone(), what: PARTLY.to_owned() });
        }
        Ok(Copied { rows, head })
    }
}

const NOWHERE: &str = "nothing is kept there";
const PARTLY: &str = "not all of the state has arrived";

/// How many restrictions a state holds.
fn count(state: &mut State) -> Result<usize, StateError> {
    Ok(state.view()?.rows_per_target()?.values().sum())
}

/// The end of the audit log of a state that is sound.
fn sound(state: &dyn Store) -> Result<Link, StateError> {
    match state.verify()? {
        (flaws, Some(head)) if flaws.is_empty() => Ok(head),
        (flaws, _) => Err(StateError::Unsound(flaws.iter().map(ToString::to_string).collect())),
    }
}

/// Copies what is read to a file for its owner alone, which must not be there.
pub(super) fn into_file(from: &dyn Reading, path: &Path) -> Result<(), StateError> {
    let mut file = sqlite::State::make_copy(path)?;
    let filled = file.fill(from).and_then(|()| file.at_rest());
    if filled.is_err() {
        // Half a copy must not pass for one.
        let _gone_already = std::fs::remove_file(path);
    }
    filled
}
