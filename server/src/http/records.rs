//! `/api/v1/records/…` and `/api/v1/batch`.

use axum::Router;
use axum::extract::State;
use axum::http::header::{CONTENT_TYPE, ETAG, IF_MATCH, IF_NONE_MATCH, LINK, LOCATION};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use bytes::{BufMut, Bytes, BytesMut};
use plinth_model::RecordId;
use serde::Deserialize;
use serde_json::{Map, Value as Json};

use super::extract::{Body, Params, Path};
use super::headers::{self, IDEMPOTENCY_KEY};
use crate::app::App;
use crate::code::Code;
use crate::policy::{Action, Caller, Policy};
use crate::problem::Problem;
use crate::records::list::{Count, ListRequest, Listing, Start};
use crate::records::once::{MAX_KEY, Once};
use crate::records::precondition::Precondition;
use crate::records::selection::Selection;
use crate::records::write::{Effect, Operation, Written};
use crate::records::{self, Records, batch};

/// The routes on records.
pub(super) fn routes() -> Router<App> {
    Router::new()
        .route("/records/{collection}", get(list).post(create))
        .route("/records/{collection}/query", post(query))
        .route("/records/{collection}/{id}", get(get_one).patch(update).put(replace).delete(delete))
        .route("/batch", post(run_batch))
}

/// The parameters of a list; as a JSON body, `params` is an object.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct ListParams<P> {
    filter: Option<String>,
    params: Option<P>,
    sort: Option<String>,
    limit: Option<u32>,
    cursor: Option<String>,
    page: Option<u32>,
    fields: Option<String>,
    expand: Option<String>,
    count: Option<CountWord>,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
enum CountWord {
    Exact,
    Estimated,
}

impl<P> ListParams<P> {
    fn request(self, read: impl FnOnce(P) -> Result<Map<String, Json>, Problem>) -> Result<ListRequest, Problem> {
        let start = match (self.cursor, self.page) {
            (None, None) => Start::First,
            (Some(cursor), None) => Start::Cursor(cursor),
            (None, Some(0)) => return Err(Problem::new(Code::InvalidParameter, "page is 0; pages start at 1.")),
            (None, Some(page)) => Start::Page(page),
            (Some(_), Some(_)) => {
                return Err(Problem::new(Code::InvalidParameter, "A list goes on at a cursor or at a page, not both."));
            }
        };
        Ok(ListRequest {
            filter: self.filter,
            params: self.params.map(read).transpose()?,
            sort: self.sort.unwrap_or_default(),
            limit: self.limit,
            start,
            selection: Selection::parse(self.fields.as_deref(), self.expand.as_deref())?,
            count: self.count.map(|word| match word {
                CountWord::Exact => Count::Exact,
                CountWord::Estimated => Count::Estimated,
            }),
        })
    }
}

async fn list(
    State(policy): State<Policy>,
    State(records): State<Records>,
    caller: Caller,
    Path(collection): Path<String>,
    Params(params): Params<ListParams<String>>,
    uri: Uri,
) -> Result<Response, Problem> {
    let grant = policy.authorize(&caller, Action::Read, &collection)?;
    let listing = records.list(&grant, &params.request(|text| read_params(&text))?).await?;
    let link = link(&uri, &listing);
    let mut response = json(StatusCode::OK, listing.json);
    if let Some(link) = link.and_then(|link| HeaderValue::from_str(&link).ok()) {
        response.headers_mut().insert(LINK, link);
    }
    Ok(response)
}

async fn query(
    State(policy): State<Policy>,
    State(records): State<Records>,
    caller: Caller,
    Path(collection): Path<String>,
    Body(params): Body<ListParams<Map<String, Json>>>,
) -> Result<Response, Problem> {
    let grant = policy.authorize(&caller, Action::Read, &collection)?;
    let listing = records.list(&grant, &params.request(Ok)?).await?;
    Ok(json(StatusCode::OK, listing.json))
}

#[derive(Debug, Default, Deserialize)]
struct GetParams {
    fields: Option<String>,
    expand: Option<String>,
}

async fn get_one(
    State(policy): State<Policy>,
    State(records): State<Records>,
    caller: Caller,
    Path((collection, id)): Path<(String, String)>,
    Params(params): Params<GetParams>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let grant = policy.authorize(&caller, Action::Read, &collection)?;
    let selection = Selection::parse(params.fields.as_deref(), params.expand.as_deref())?;
    let found = records.get(&grant, record_id(&id)?, &selection).await?;
    let etag = found.etag.to_string();
    // What is expanded can change without this record, so its tag says nothing about it.
    let unchanged = params.expand.is_none() && header(&headers, &IF_NONE_MATCH).is_some_and(|tags| names(tags, &etag));
    if unchanged {
        return Ok((StatusCode::NOT_MODIFIED, [(ETAG, etag)]).into_response());
    }
    Ok(with_etag(json(StatusCode::OK, found.json), &etag))
}

async fn create(
    State(policy): State<Policy>,
    State(records): State<Records>,
    caller: Caller,
    Path(collection): Path<String>,
    headers: HeaderMap,
    Body(body): Body<Json>,
) -> Result<Response, Problem> {
    let grant = policy.authorize(&caller, Action::Create, &collection)?;
    let once = once(&headers, &caller, &format!("/records/{collection}"), &body)?;
    match body {
        Json::Object(body) => {
            let operation = Operation::Create { grant, body };
            let written = records.write_all(vec![operation], once.as_ref()).await.map_err(records::Error::alone)?;
            let written = written.into_iter().next().ok_or_else(Problem::internal)?;
            let location = format!("/api/v1/records/{collection}/{}", written.id);
            let mut response = answer(written);
            if let Ok(location) = HeaderValue::from_str(&location) {
                response.headers_mut().insert(LOCATION, location);
            }
            Ok(response)
        }
        Json::Array(items) => {
            let operations = items.into_iter().enumerate().map(|(n, item)| match item {
                Json::Object(body) => Ok(Operation::Create { grant: grant.clone(), body }),
                _ => Err(not_an_object(&format!("/{n}"))),
            });
            let operations = limited(operations.collect::<Result<Vec<_>, _>>()?)?;
            let written = records.write_all(operations, once.as_ref()).await.map_err(strip_data)?;
            Ok(json(StatusCode::CREATED, items_of(&written)))
        }
        _ => Err(not_an_object("")),
    }
}

async fn update(
    State(policy): State<Policy>,
    State(records): State<Records>,
    caller: Caller,
    Path((collection, id)): Path<(String, String)>,
    headers: HeaderMap,
    Body(patch): Body<Map<String, Json>>,
) -> Result<Response, Problem> {
    let grant = policy.authorize(&caller, Action::Update, &collection)?;
    let (id, precondition) = (record_id(&id)?, precondition(&headers)?);
    Ok(answer(records.write(Operation::Update { grant, id, patch, precondition }).await?))
}

async fn replace(
    State(policy): State<Policy>,
    State(records): State<Records>,
    caller: Caller,
    Path((collection, id)): Path<(String, String)>,
    headers: HeaderMap,
    Body(body): Body<Map<String, Json>>,
) -> Result<Response, Problem> {
    let (create, update) = batch::replace_grants(&policy, &caller, &collection)?;
    let id = id.parse().map_err(|error: plinth_model::id::NotAnId| {
        Problem::new(Code::InvalidParameter, format!("The id is {error}."))
    })?;
    let operation = Operation::Replace { create, update, id, body, precondition: precondition(&headers)? };
    Ok(answer(records.write(operation).await?))
}

async fn delete(
    State(policy): State<Policy>,
    State(records): State<Records>,
    caller: Caller,
    Path((collection, id)): Path<(String, String)>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let grant = policy.authorize(&caller, Action::Delete, &collection)?;
    let (id, precondition) = (record_id(&id)?, precondition(&headers)?);
    Ok(answer(records.write(Operation::Delete { grant, id, precondition }).await?))
}

async fn run_batch(
    State(policy): State<Policy>,
    State(records): State<Records>,
    caller: Caller,
    headers: HeaderMap,
    Body(body): Body<Json>,
) -> Result<Response, Problem> {
    let once = once(&headers, &caller, "/batch", &body)?;
    let items = limited(super::extract::body::decode(body)?)?;
    let authorize = |(index, item): (usize, batch::Item)| {
        item.authorize(&policy, &caller).map_err(|cause| records::Error::InBatch { index, cause: Box::new(cause) })
    };
    let operations = items.into_iter().enumerate().map(authorize).collect::<Result<Vec<_>, _>>()?;
    let written = records.write_all(operations, once.as_ref()).await?;
    Ok(json(StatusCode::OK, results_of(&written)))
}

/// The request as one that is to be done once, if it carries a key.
fn once(headers: &HeaderMap, caller: &Caller, path: &str, body: &Json) -> Result<Option<Once>, Problem> {
    let Some(key) = headers.get(IDEMPOTENCY_KEY) else { return Ok(None) };
    let once = key.to_str().ok().and_then(|key| Once::new(caller, key, path, &body.to_string()));
    let refused = || format!("An Idempotency-Key has 1 to {MAX_KEY} visible ASCII characters.");
    once.map(Some).ok_or_else(|| Problem::new(Code::MalformedRequest, refused()))
}

/// At most [`batch::MAX_OPERATIONS`] of anything.
fn limited<T>(items: Vec<T>) -> Result<Vec<T>, Problem> {
    if items.len() > batch::MAX_OPERATIONS {
        let detail = format!("{} operations; the limit is {}.", items.len(), batch::MAX_OPERATIONS);
        return Err(Problem::new(Code::TooLarge, detail));
    }
    Ok(items)
}

/// In an array of records, pointers lead into the records themselves: there is no `data` in between.
fn strip_data(error: records::Error) -> Problem {
    let mut problem = Problem::from(error);
    for fault in &mut problem.errors {
        let end = fault.pointer.get(1..).and_then(|rest| rest.find('/')).map_or(fault.pointer.len(), |at| at + 1);
        if let Some(rest) = fault.pointer[end..].strip_prefix("/data") {
            fault.pointer = format!("{}{rest}", &fault.pointer[..end]);
        }
    }
    problem
}

fn not_an_object(pointer: &str) -> Problem {
    let message = "A record is a JSON object.";
    Problem::invalid(vec![crate::problem::Fault::new(pointer, "type", message)])
}

fn read_params(text: &str) -> Result<Map<String, Json>, Problem> {
    match plinth_model::json::parse_json(text.as_bytes(), plinth_model::json::MAX_DEPTH) {
        Ok(Json::Object(params)) => Ok(params),
        Ok(_) => Err(Problem::new(Code::InvalidParameter, "params is a JSON object, such as {\"room\":\"r1\"}.")),
        Err(error) => Err(Problem::new(Code::InvalidParameter, format!("params is not JSON: {error}."))),
    }
}

/// An id in a path; a text that is no id names nothing.
fn record_id(text: &str) -> Result<RecordId, Problem> {
    text.parse().map_err(|_| Problem::not_found())
}

fn header<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

fn precondition(headers: &HeaderMap) -> Result<Precondition, Problem> {
    let mut precondition = Precondition::default();
    if let Some(tags) = headers::list(headers, &IF_MATCH) {
        precondition = precondition.if_match(&tags);
    }
    let Some(tags) = headers::list(headers, &IF_NONE_MATCH) else { return Ok(precondition) };
    let detail = "If-None-Match is *, or ETags with commas between.";
    precondition.if_none_match(&tags).map_err(|_| Problem::new(Code::MalformedRequest, detail))
}

/// RFC 9110 section 13.1.2: weak comparison, or `*`.
fn names(tags: &str, etag: &str) -> bool {
    tags.split(',').map(str::trim).any(|tag| tag == "*" || tag.strip_prefix("W/").unwrap_or(tag) == etag)
}

fn json(status: StatusCode, body: Bytes) -> Response {
    (status, [(CONTENT_TYPE, HeaderValue::from_static("application/json"))], body).into_response()
}

fn with_etag(mut response: Response, etag: &str) -> Response {
    if let Ok(etag) = HeaderValue::from_str(etag) {
        response.headers_mut().insert(ETAG, etag);
    }
    response
}

fn status(effect: Effect) -> StatusCode {
    match effect {
        Effect::Created => StatusCode::CREATED,
        Effect::Updated => StatusCode::OK,
        Effect::Deleted => StatusCode::NO_CONTENT,
    }
}

fn answer(written: Written) -> Response {
    let status = status(written.effect);
    let response = match written.json {
        Some(body) => json(status, body),
        None => status.into_response(),
    };
    match written.etag {
        Some(etag) => with_etag(response, &etag.to_string()),
        None => response,
    }
}

fn items_of(written: &[Written]) -> Bytes {
    let mut out = BytesMut::from(&b"{\"items\":["[..]);
    for (n, record) in written.iter().enumerate() {
        if n > 0 {
            out.put_u8(b',');
        }
        out.put_slice(record.json.as_deref().unwrap_or(b"null"));
    }
    out.put_slice(b"]}");
    out.freeze()
}

fn results_of(written: &[Written]) -> Bytes {
    let mut out = BytesMut::from(&b"{\"results\":["[..]);
    for (n, result) in written.iter().enumerate() {
        if n > 0 {
            out.put_u8(b',');
        }
        out.put_slice(format!("{{\"status\":{}", status(result.effect).as_u16()).as_bytes());
        if let Some(record) = &result.json {
            out.put_slice(b",\"record\":");
            out.put_slice(record);
        }
        if let Some(etag) = result.etag {
            out.put_slice(format!(",\"etag\":{}", Json::from(etag.to_string())).as_bytes());
        }
        out.put_u8(b'}');
    }
    out.put_slice(b"]}");
    out.freeze()
}

/// The longest `Link`: clients take 8 KiB (some 16) of headers in all, and the links repeat the filter.
const MAX_LINK: usize = 4096;

/// RFC 8288 links to the neighbouring pages. Where they would be too long for a header they are left out: the cursors are
/// in the body too.
fn link(uri: &Uri, listing: &Listing) -> Option<String> {
    let query = uri.query().unwrap_or_default();
    let kept: Vec<&str> = query
        .split('&')
        .filter(|pair| !pair.is_empty() && !pair.starts_with("cursor=") && !pair.starts_with("page="))
        .collect();
    let to = |cursor: &Option<String>, relation: &str| {
        let cursor = cursor.as_ref()?;
        let query = kept.iter().copied().chain([format!("cursor={cursor}").as_str()]).collect::<Vec<_>>().join("&");
        Some(format!("<{}?{query}>; rel=\"{relation}\"", uri.path()))
    };
    let links: Vec<String> = [to(&listing.next, "next"), to(&listing.previous, "prev")].into_iter().flatten().collect();
    let links = links.join(", ");
    (1..=MAX_LINK).contains(&links.len()).then_some(links)
}
