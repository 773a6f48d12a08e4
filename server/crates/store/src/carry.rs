//! Schema changes, inside a transaction.

use plinth_model::RecordId;
use plinth_model::schema::Migration;
use plinth_model::schema::catalog::Version;
use plinth_model::schema::migrate::{Failures, Stage, Trial};
use plinth_model::{Record, Value};

use crate::apply;
use crate::error::Error;
use crate::schema::SchemaStep;
use crate::system::{Applied, Step};
use crate::tx::{Columns, Fault, Tx, outdated};

/// From one version of the definitions to the next.
const TURN: &str = "update _meta set value = $2 where key = 'definitions' and value = $1";

/// Rows carried over at once.
const CHUNK: usize = 500;

/// The most rows shown of those that stand against a step.
const SAMPLE: usize = 5;

/// Does all steps in order, the rows of the change log last, if the definitions are at version `base`: they are at the
/// next one then.
pub(crate) async fn run<T: Tx>(tx: &mut T, steps: &[SchemaStep], base: Version) -> Result<Applied, Fault> {
    let turn = apply::statement(
        tx.dialect(),
        TURN,
        [base, base.next()].map(|version| Value::text(version.0.to_string())).into(),
    );
    if tx.run(turn).await? == 0 {
        return Err(outdated().into());
    }
    let mut applied = Applied::default();
    let mut logs = Vec::new();
    for (n, step) in steps.iter().enumerate() {
        let rows = match step {
            SchemaStep::Run(statement) => tx.run(statement.clone()).await?,
            SchemaStep::Carry(migration) => carry(tx, migration).await?,
            SchemaStep::System(log @ Step::Log(_)) => {
                logs.push(log.clone());
                1
            }
            SchemaStep::System(step) => system(tx, n, step).await?,
        };
        applied.rows.push(rows);
    }
    applied.seqs = apply::run(tx, &logs).await?.seqs;
    Ok(applied)
}

/// Which stored records stand against a migration; changes nothing.
pub(crate) async fn trial<T: Tx>(tx: &mut T, migration: &Migration) -> Result<Vec<Failures>, Fault> {
    let mut failures = Vec::new();
    if migration.checks_rows() {
        let mut trial = Trial::new(migration);
        let mut after = None;
        while let Some(records) = next_records(tx, migration, Stage::Before, &mut after).await? {
            records.iter().for_each(|record| trial.see(record));
        }
        failures = trial.finish();
    }
    for (alteration, statement) in migration.missing_targets(tx.dialect()) {
        let rows = tx.rows(statement, Columns::Plain).await?;
        if !rows.is_empty() {
            let sample = rows.iter().take(SAMPLE).filter_map(|row| sample(&row.0)).collect();
            failures.push(Failures { alteration, rows: rows.len() as u64, code: "missing_target", sample });
        }
    }
    Ok(failures)
}

async fn carry<T: Tx>(tx: &mut T, migration: &Migration) -> Result<u64, Fault> {
    let failures = trial(tx, migration).await?;
    if !failures.is_empty() {
        return Err(Error::Blocked(failures).into());
    }
    for statement in migration.prepare(tx.dialect()) {
        tx.run(statement).await?;
    }
    let rows = if migration.rewrites_rows() { rewrite(tx, migration).await? } else { 0 };
    for statement in migration.finish(tx.dialect()) {
        tx.run(statement).await?;
    }
    Ok(rows)
}

async fn rewrite<T: Tx>(tx: &mut T, migration: &Migration) -> Result<u64, Fault> {
    let mut written = 0;
    let mut after = None;
    while let Some(records) = next_records(tx, migration, Stage::Prepared, &mut after).await? {
        for old in records {
            let new = migration.record(&old).map_err(|violations| {
                let reasons: Vec<String> = violations.into_iter().map(|violation| violation.message).collect();
                Error::Fault(format!("record {} passed the trial and does not fit: {}", old.id, reasons.join("; ")))
            })?;
            if let Some(statement) = migration.rewrite(tx.dialect(), &new) {
                written += tx.run(statement).await?;
            }
        }
    }
    Ok(written)
}

/// The next old records; `after` goes along.
async fn next_records<T: Tx>(
    tx: &mut T,
    migration: &Migration,
    stage: Stage,
    after: &mut Option<RecordId>,
) -> Result<Option<Vec<Record>>, Fault> {
    let statement = migration.select(tx.dialect(), stage, *after, CHUNK);
    let rows = tx.rows(statement, Columns::Kinds(&migration.columns())).await?;
    let read = |row: crate::Row| migration.old_record(row.0).map_err(|error| Error::Corrupt(error.to_string()));
    let records = rows.into_iter().map(read).collect::<Result<Vec<_>, _>>()?;
    *after = records.last().map(|record| record.id);
    Ok((!records.is_empty()).then_some(records))
}

async fn system<T: Tx>(tx: &mut T, place: usize, step: &Step) -> Result<u64, Fault> {
    match apply::run(tx, std::slice::from_ref(step)).await {
        Ok(applied) => Ok(applied.rows.iter().sum()),
        Err(Fault::Error(Error::Expectation { .. })) => Err(Error::Expectation { step: place }.into()),
        Err(fault) => Err(fault),
    }
}

fn sample(row: &[Value]) -> Option<(RecordId, Value)> {
    match row {
        [Value::Text(id), value, ..] => Some((id.parse().ok()?, value.clone())),
        _ => None,
    }
}
