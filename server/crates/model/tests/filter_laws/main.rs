//! The law of expressions: SQL on SQLite, SQL on Postgres, our evaluator and the `cel` crate's own evaluator give the
//! same answer, on generated records and generated expressions.
//!
//! The number of expressions is `PROPTEST_CASES`, 600 unless it is set; every 200 the records are drawn anew.

#[path = "../database/mod.rs"]
#[expect(dead_code, reason = "each law uses a part of it")]
mod database;
mod expressions;
mod laws;
mod oracle;
mod patterns;
mod sights;
mod strings;
mod values;
mod world;

/// How many cases to try.
fn cases(usual: u32) -> u32 {
    std::env::var("PROPTEST_CASES").ok().and_then(|text| text.parse().ok()).unwrap_or(usual)
}
