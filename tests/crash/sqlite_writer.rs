//! The control of the power cut: a program that writes rows with plain SQLite and prints the id of each after its
//! commit. `sqlite-writer FILE normal|full`; it runs until it is killed.

use std::io::Write;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let (Some(file), Some(synchronous)) = (arguments.next(), arguments.next()) else {
        return Err("usage: sqlite-writer FILE normal|full".into());
    };
    let database = rusqlite::Connection::open(file)?;
    database.pragma_update(None, "journal_mode", "wal")?;
    database.pragma_update(None, "synchronous", synchronous)?;
    database.execute("create table if not exists rows (id integer primary key, text text not null)", [])?;
    let mut insert = database.prepare("insert into rows (text) values (?1)")?;
    let text = "as long as a line of chat usually is, and then some more of it".repeat(3);
    let mut out = std::io::stdout().lock();
    loop {
        let id = insert.insert([&text])?;
        writeln!(out, "{id}")?;
        out.flush()?;
    }
}
