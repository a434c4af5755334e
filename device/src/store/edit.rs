//! Changes to what is known of a take. On its own box a change gets a number and travels to the laptops; on a
//! laptop it is the laptop's own decision, which no later change of the box undoes.

use super::Store;
use super::error::StoreError;
use super::recording::next_change;
use super::take::{State, Take, TakeId};
use rasika_models::Rasa;
use rusqlite::types::ToSql;
use rusqlite::{OptionalExtension as _, Row, TransactionBehavior, params};

impl Store {
    /// Says what a take shows.
    ///
    /// # Errors
    /// There is no such whole take, or the file cannot be written.
    pub fn relabel(&mut self, id: TakeId, label: Rasa) -> Result<Take, StoreError> {
        self.edit(id, "label", "here_label", &label.name())
    }

    /// Leaves a take out, without deleting it.
    ///
    /// # Errors
    /// There is no such whole take, or the file cannot be written.
    pub fn discard(&mut self, id: TakeId) -> Result<Take, StoreError> {
        self.edit(id, "discarded", "here_discarded", &true)
    }

    /// Takes a discarded take in again.
    ///
    /// # Errors
    /// There is no such whole take, or the file cannot be written.
    pub fn restore(&mut self, id: TakeId) -> Result<Take, StoreError> {
        self.edit(id, "discarded", "here_discarded", &false)
    }

    /// The take of this box that was recorded last and is not discarded.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn last_take(&self) -> Result<Option<Take>, StoreError> {
        let rest = "WHERE own = 1 AND state IN (1, 2) AND discarded = 0 ORDER BY number DESC LIMIT 1";
        Ok(self.select(rest, [])?.pop())
    }

    /// Takes back the last thing that was decided here; the take as it is then, `None` if nothing is left to undo.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn undo(&mut self) -> Result<Option<Take>, StoreError> {
        let transaction = self.db.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let sql =
            "DELETE FROM edit WHERE id = (SELECT max(id) FROM edit) RETURNING take, before_label, before_discarded";
        let read = |row: &Row<'_>| Ok((row.get(0)?, row.get(1)?, row.get(2)?));
        let last: Option<(i64, Option<String>, Option<bool>)> = transaction.query_row(sql, [], read).optional()?;
        let Some((row, label, discarded)) = last else { return Ok(None) };
        let sql = "UPDATE take SET here_label = ?2, here_discarded = ?3 WHERE id = ?1";
        transaction.execute(sql, params![row, label, discarded])?;
        transaction.commit()?;
        Ok(self.select("WHERE take.id = ?1", [row])?.pop())
    }

    fn edit(&mut self, id: TakeId, own: &str, here: &str, value: &dyn ToSql) -> Result<Take, StoreError> {
        let before = self.take(id)?;
        if matches!(before.state, State::Recording | State::Fetching) {
            return Err(StoreError::NotNow(id, "is not whole yet; wait until it is"));
        }
        let row = self.row(id)?;
        let transaction = self.db.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let sql = "SELECT box.id, own FROM box JOIN take ON take.box = box.id WHERE take.id = ?1";
        let (box_row, ours): (i64, bool) = transaction.query_row(sql, [row], |row| Ok((row.get(0)?, row.get(1)?)))?;
        if ours {
            // What changes nothing is no change that would travel.
            let sql = format!("UPDATE take SET {own} = ?2 WHERE id = ?1 AND {own} IS NOT ?2");
            if transaction.execute(&sql, params![row, value])? > 0 {
                let change = next_change(&transaction, box_row)?;
                transaction.execute("UPDATE take SET changed = ?2 WHERE id = ?1", params![row, change])?;
            }
        } else {
            // What changes nothing is no decision that could be undone.
            let sql = format!(
                "INSERT INTO edit (take, before_label, before_discarded) \
                SELECT id, here_label, here_discarded FROM take WHERE id = ?1 AND {here} IS NOT ?2"
            );
            if transaction.execute(&sql, params![row, value])? > 0 {
                transaction.execute(&format!("UPDATE take SET {here} = ?2 WHERE id = ?1"), params![row, value])?;
            }
        }
        transaction.commit()?;
        self.take(id)
    }
}
