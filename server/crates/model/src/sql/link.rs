//! Link tables: the items of a to-many relation as rows, kept by triggers on the column that is the truth.
//!
//! They give such a relation its foreign key, and the index by which "who points here" is answered.

use super::dialect::Dialect;
use super::structure::{Links, foreign_key_name, link_table, name};
use super::writer::{Statement, Writer};

impl Links {
    fn name(&self) -> String {
        link_table(&self.table, &self.column)
    }

    fn trigger(&self, event: &str) -> String {
        name(&format!("_{event}_link"), &[&self.table, &self.column])
    }

    /// Makes the table, fills it from the column, and lets triggers keep it.
    pub(super) fn create(&self, dialect: Dialect) -> Vec<Statement> {
        let mut statements = vec![self.table_statement(dialect), self.index_statement(dialect), self.fill(dialect)];
        statements.extend(match dialect {
            Dialect::Sqlite => vec![self.sqlite_insert_trigger(), self.sqlite_update_trigger()],
            Dialect::Postgres => {
                vec![self.postgres_function(), self.postgres_trigger("insert"), self.postgres_trigger("update")]
            }
        });
        statements
    }

    /// Drops the table and the triggers.
    pub(super) fn drop(&self, dialect: Dialect) -> Vec<Statement> {
        let mut statements: Vec<Statement> = ["update", "insert"]
            .into_iter()
            .map(|event| {
                statement(dialect, |w| {
                    w.sql("drop trigger ").ident(&self.trigger(event));
                    if dialect == Dialect::Postgres {
                        w.sql(" on ").ident(&self.table);
                    }
                })
            })
            .collect();
        if dialect == Dialect::Postgres {
            statements.push(statement(dialect, |w| {
                w.sql("drop function ").ident(&self.trigger("sync")).sql("()");
            }));
        }
        statements.push(statement(dialect, |w| {
            w.sql("drop table ").ident(&self.name());
        }));
        statements
    }

    fn table_statement(&self, dialect: Dialect) -> Statement {
        let text = match dialect {
            Dialect::Sqlite => "text",
            Dialect::Postgres => "text collate \"C\"",
        };
        statement(dialect, |w| {
            w.sql("create table ").ident(&self.name()).sql(" (");
            for (column, target, on_delete) in
                [("source", &self.table, " on delete cascade"), ("target", &self.target, "")]
            {
                w.sql("\n  ").ident(column).sql(" ").sql(text).sql(" not null constraint ");
                w.ident(&foreign_key_name(&self.name(), column)).sql(" references ").ident(target).sql(" (\"id\")");
                w.sql(on_delete).sql(",");
            }
            w.sql("\n  primary key (\"source\", \"target\")\n)");
            if dialect == Dialect::Sqlite {
                w.sql(" strict, without rowid");
            }
        })
    }

    fn index_statement(&self, dialect: Dialect) -> Statement {
        statement(dialect, |w| {
            w.sql("create index ").ident(&name("_index", &[&self.name(), "target"])).sql(" on ").ident(&self.name());
            w.sql(" (\"target\", \"source\")");
        })
    }

    fn fill(&self, dialect: Dialect) -> Statement {
        statement(dialect, |w| {
            w.sql("insert into ").ident(&self.name()).sql(" (\"source\", \"target\")\nselect \"t\".\"id\", ");
            match dialect {
                Dialect::Sqlite => w.sql("\"e\".\"value\"\nfrom ").ident(&self.table).sql(" as \"t\", json_each("),
                Dialect::Postgres => {
                    w.sql("\"e\"\nfrom ").ident(&self.table).sql(" as \"t\", json_array_elements_text(")
                }
            };
            w.column("t", &self.column).sql(") as \"e\"");
        })
    }

    fn sqlite_insert_trigger(&self) -> Statement {
        statement(Dialect::Sqlite, |w| {
            w.sql("create trigger ").ident(&self.trigger("insert")).sql(" after insert on ").ident(&self.table);
            w.sql("\nwhen ").column("new", &self.column).sql(" is not null\nbegin\n  insert into ").ident(&self.name());
            w.sql(" (\"source\", \"target\")\n  select \"new\".\"id\", \"e\".\"value\" from json_each(")
                .column("new", &self.column);
            w.sql(") as \"e\";\nend");
        })
    }

    fn sqlite_update_trigger(&self) -> Statement {
        statement(Dialect::Sqlite, |w| {
            w.sql("create trigger ").ident(&self.trigger("update")).sql(" after update of ").ident(&self.column);
            w.sql(" on ")
                .ident(&self.table)
                .sql("\nwhen ")
                .column("old", &self.column)
                .sql(" is not ")
                .column("new", &self.column);
            w.sql("\nbegin\n  delete from ").ident(&self.name()).sql("\n  where \"source\" = \"new\".\"id\"");
            w.sql("\n  and \"target\" not in (select \"value\" from json_each(").column("new", &self.column).sql("));");
            w.sql("\n  insert into ").ident(&self.name()).sql(" (\"source\", \"target\")");
            w.sql("\n  select \"new\".\"id\", \"e\".\"value\" from json_each(")
                .column("new", &self.column)
                .sql(") as \"e\"");
            w.sql("\n  where not exists (select 1 from ").ident(&self.name());
            w.sql(" where \"source\" = \"new\".\"id\" and \"target\" = \"e\".\"value\");\nend");
        })
    }

    fn postgres_function(&self) -> Statement {
        statement(Dialect::Postgres, |w| {
            w.sql("create function ")
                .ident(&self.trigger("sync"))
                .sql("() returns trigger language plpgsql as $$\nbegin");
            w.sql("\n  if tg_op = 'UPDATE' then\n    delete from ")
                .ident(&self.name())
                .sql("\n    where \"source\" = new.\"id\"");
            w.sql("\n    and \"target\" <> all (array(select json_array_elements_text(new.")
                .ident(&self.column)
                .sql(")));\n  end if;");
            w.sql("\n  insert into ").ident(&self.name()).sql(" (\"source\", \"target\")");
            w.sql("\n  select new.\"id\", \"e\" from json_array_elements_text(new.")
                .ident(&self.column)
                .sql(") as \"e\"");
            w.sql("\n  on conflict do nothing;\n  return null;\nend\n$$");
        })
    }

    fn postgres_trigger(&self, event: &str) -> Statement {
        statement(Dialect::Postgres, |w| {
            w.sql("create trigger ").ident(&self.trigger(event)).sql(" after ").sql(event);
            let condition = if event == "update" {
                w.sql(" of ").ident(&self.column);
                ["old.", "::text is distinct from new.", "::text"]
            } else {
                ["", "new.", " is not null"]
            };
            w.sql(" on ").ident(&self.table).sql(" for each row\nwhen (").sql(condition[0]);
            if event == "update" {
                w.ident(&self.column);
            }
            w.sql(condition[1])
                .ident(&self.column)
                .sql(condition[2])
                .sql(")\nexecute function ")
                .ident(&self.trigger("sync"))
                .sql("()");
        })
    }
}

/// A statement written by `write`.
pub(super) fn statement(dialect: Dialect, write: impl FnOnce(&mut Writer)) -> Statement {
    let mut writer = Writer::new(dialect);
    write(&mut writer);
    writer.finish()
}
