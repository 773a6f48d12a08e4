//! What an operator may order, and who carries it out: the command itself on a database that it opened, or the server
//! that has it. The same code in both cases, with the same answer, so a command prints the same.

use std::collections::BTreeMap;
use std::fmt::Display;

use plinth_model::RecordId;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json, json};

use crate::app::{App, Core};
use crate::auth::{Auth, Password};
use crate::clock::SharedClock;
use crate::collections::Collections;
use crate::collections::files::Difference;
use crate::entropy::SharedEntropy;
use crate::policy::Policy;
use crate::policy::edit::Editor;
use crate::policy::file::{self, Changes, RuleFile};

/// What an operator may order; beside each, its answer.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase", tag = "order")]
pub enum Order {
    /// Makes an administrator: [`crate::auth::MadeAdmin`].
    MakeAdmin {
        /// The address to sign in with.
        email: String,
        /// The password.
        password: String,
    },
    /// Counts what is in force: a [`Survey`].
    Survey,
    /// The collections as TypeScript: a text.
    TypeScript,
    /// Every definition, by collection: an object of objects.
    PullDefinitions,
    /// What applying these definitions would do: a list of `{collection, plan}`.
    CompareDefinitions {
        /// By collection.
        definitions: Definitions,
    },
    /// Makes the collections as these definitions say: the names of those that changed.
    ApplyDefinitions {
        /// By collection.
        definitions: Definitions,
        /// Data may be lost.
        allow_destructive: bool,
    },
    /// The rules as the text of a file: a text.
    PullRules,
    /// What applying a file of rules would change: [`crate::policy::file::Changes`].
    CompareRules {
        /// The file.
        file: RuleFile,
    },
    /// Makes the rules as a file says: what changed, as for `CompareRules`.
    ApplyRules {
        /// The file.
        file: RuleFile,
    },
}

impl Order {
    /// Whether it is carried out where there is no database yet, which then is made: what writes makes it, so that it can
    /// be furnished before the first start; what only looks has nothing to look at.
    pub fn makes_database(&self) -> bool {
        match self {
            Self::MakeAdmin { .. } | Self::ApplyDefinitions { .. } | Self::ApplyRules { .. } => true,
            Self::Survey | Self::TypeScript | Self::PullDefinitions | Self::PullRules => false,
            Self::CompareDefinitions { .. } | Self::CompareRules { .. } => false,
        }
    }
}

/// Definitions by collection.
pub type Definitions = BTreeMap<String, Map<String, Json>>;

/// How much is in force.
#[derive(Debug, Serialize, Deserialize)]
pub struct Survey {
    /// How many collections.
    pub collections: usize,
    /// How many rules.
    pub rules: usize,
}

/// Carries orders out.
#[derive(Clone)]
pub struct Steward {
    clock: SharedClock,
    entropy: SharedEntropy,
    auth: Auth,
    collections: Collections,
    policy: Policy,
}

impl From<&Core> for Steward {
    fn from(core: &Core) -> Self {
        let Core { clock, entropy, auth, collections, policy, .. } = core.clone();
        Self { clock, entropy, auth, collections, policy }
    }
}

impl From<&App> for Steward {
    fn from(app: &App) -> Self {
        let App { clock, entropy, auth, collections, policy, .. } = app.clone();
        Self { clock, entropy, auth, collections, policy }
    }
}

impl Steward {
    /// Carries an order out; the answer, or why not.
    pub async fn carry_out(&self, order: Order) -> Result<Json, String> {
        match order {
            Order::MakeAdmin { email, password } => {
                let made = self.auth.make_admin(&email, &Password::new(password)).await;
                made.map(|made| json!(made)).map_err(|error| error.for_operator())
            }
            Order::Survey => Ok(json!(self.survey())),
            Order::TypeScript => Ok(json!(self.collections.typescript())),
            Order::PullDefinitions => answer(self.collections.definitions()),
            Order::CompareDefinitions { definitions } => {
                let differences = self.collections.compare(&definitions).await;
                answer(differences.map(|differences| differences.iter().map(Difference::to_json).collect::<Vec<_>>()))
            }
            Order::ApplyDefinitions { definitions, allow_destructive } => {
                answer(self.collections.apply_files(&definitions, allow_destructive).await)
            }
            Order::PullRules => Ok(json!(self.policy.file_text())),
            Order::CompareRules { file } => answer(self.policy.compare_file(&file, || self.new_id()).await),
            Order::ApplyRules { file } => answer(self.apply_rules(&file).await),
        }
    }

    /// Makes the rules as a file says.
    pub async fn apply_rules(&self, file: &RuleFile) -> Result<Changes, file::FileError> {
        let editor = Editor { by: None, at: self.clock.now() };
        self.policy.apply_file(file, || self.new_id(), editor).await
    }

    fn new_id(&self) -> RecordId {
        self.entropy.record_id(self.clock.now())
    }

    fn survey(&self) -> Survey {
        let state = self.policy.state();
        Survey { collections: state.catalog().iter().count(), rules: state.rules().len() }
    }
}

fn answer(result: Result<impl Serialize, impl Display>) -> Result<Json, String> {
    result.map(|answer| json!(answer)).map_err(|error| error.to_string())
}
