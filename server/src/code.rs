//! The one table of error codes: the word that a client switches on, its HTTP status and its title.
//!
//! Status codes appear nowhere else. A detail may change its wording from release to release; a code may not.

macro_rules! codes {
    ($($(#[doc = $doc:literal])+ $name:ident, $word:literal, $status:literal, $title:literal;)+) => {
        /// What went wrong, in one word.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Code {
            $($(#[doc = $doc])+ $name,)+
        }

        impl Code {
            /// Every code, in the order of the table.
            pub const ALL: &[Self] = &[$(Self::$name,)+];

            /// The word as it stands in `code` of a problem.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$name => $word,)+ }
            }

            /// The HTTP status that goes with it.
            pub fn status(self) -> u16 {
                match self { $(Self::$name => $status,)+ }
            }

            /// A short title, the same for every occurrence.
            pub fn title(self) -> &'static str {
                match self { $(Self::$name => $title,)+ }
            }

            /// What the code means, for the documentation of the API.
            pub fn meaning(self) -> &'static str {
                match self { $(Self::$name => concat!($($doc),+),)+ }
            }
        }
    };
}

codes! {
    /// The body is not JSON that this API reads: bad syntax, a duplicate member, nested too deep.
    InvalidJson, "invalid_json", 400, "The body is not valid JSON";
    /// A query parameter or a part of the path has a value that can't be read.
    InvalidParameter, "invalid_parameter", 400, "A parameter can't be read";
    /// A query parameter that this address doesn't know, or one given twice.
    UnknownParameter, "unknown_parameter", 400, "Unknown parameter";
    /// The filter can't be read, or its types don't fit; `position` tells where.
    InvalidFilter, "invalid_filter", 400, "The filter is not valid";
    /// A filter, sort, expand or list of fields names a field that is not there or not visible.
    UnknownField, "unknown_field", 400, "Unknown field";
    /// The cursor was not made by this server for this caller and this query.
    InvalidCursor, "invalid_cursor", 400, "The cursor is not valid";
    /// The header or body can't be read for another reason.
    MalformedRequest, "malformed_request", 400, "The request can't be read";
    /// No valid access token: missing, expired, revoked, or its account is gone.
    Unauthenticated, "unauthenticated", 401, "Sign in first";
    /// The address and the password don't belong together, or the refresh token is not valid.
    InvalidCredentials, "invalid_credentials", 401, "The credentials are not valid";
    /// The policies don't allow it.
    PolicyDenied, "policy_denied", 403, "Not allowed by the policies";
    /// The page that sent the request is neither of this server nor of an allowed origin.
    OriginRefused, "origin_refused", 403, "Origin not allowed";
    /// The set-up token is wrong, used or expired.
    SetupTokenInvalid, "setup_token_invalid", 403, "The set-up token is not valid";
    /// Accounts are made by administrators only; the setting `auth.registration` is closed.
    RegistrationClosed, "registration_closed", 403, "Registration is closed";
    /// Nothing is there, or nothing that the caller may see.
    NotFound, "not_found", 404, "Not found";
    /// The address exists, the method doesn't; `Allow` lists those that do.
    MethodNotAllowed, "method_not_allowed", 405, "Method not allowed";
    /// The client took too long to send its request.
    RequestTimeout, "request_timeout", 408, "The request took too long to arrive";
    /// Another record holds the same unique value or id.
    Conflict, "conflict", 409, "Conflict with another record";
    /// Other records point at this one and restrict its deletion.
    Restricted, "restricted", 409, "Other records depend on it";
    /// The plan loses data and `allowDestructive` was not given.
    DestructivePlan, "destructive_plan", 409, "The plan loses data";
    /// Stored rows don't fit the new schema.
    PlanBlocked, "plan_blocked", 409, "Stored rows don't fit the plan";
    /// An administrator exists already.
    SetupDone, "setup_done", 409, "Set-up is done";
    /// `If-Match` doesn't name the present version, or `If-None-Match` does.
    PreconditionFailed, "precondition_failed", 412, "Not the version that this was meant for";
    /// The body or a part of it is larger than its limit, or the answer would be.
    TooLarge, "too_large", 413, "Too large";
    /// The body's content type is not one that this address reads.
    UnsupportedMediaType, "unsupported_media_type", 415, "Unsupported content type";
    /// The body was read and breaks a rule; `errors` points at each place.
    ValidationFailed, "validation_failed", 422, "Validation failed";
    /// Too many tries; `Retry-After` tells when the next one counts.
    RateLimited, "rate_limited", 429, "Too many requests";
    /// The server is at fault; the log has more under the request id.
    Internal, "internal", 500, "Internal error";
    /// The server can't answer now: too busy, stopping, or its database is away.
    Unavailable, "unavailable", 503, "Unavailable";
    /// The disk of the database is full; reads go on.
    StorageFull, "storage_full", 507, "The storage is full";
}

#[cfg(test)]
mod tests {
    use super::Code;

    #[test]
    fn every_word_is_snake_case_and_stands_once() {
        let mut words: Vec<_> = Code::ALL.iter().map(|code| code.as_str()).collect();
        assert!(words.iter().all(|word| word.bytes().all(|b| b.is_ascii_lowercase() || b == b'_')));
        words.sort_unstable();
        words.dedup();
        assert_eq!(words.len(), Code::ALL.len());
    }

    #[test]
    fn every_status_is_one_of_a_failure() {
        assert!(Code::ALL.iter().all(|code| (400..600).contains(&code.status())));
    }
}
