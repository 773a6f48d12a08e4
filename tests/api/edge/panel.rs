//! The admin panel, baked into the binary.

use reqwest::Method;

use crate::harness::{Database, Person, Server};

const POLICY: &str = "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' blob: data:; \
    connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'; object-src 'none'";

async fn page(nobody: &Person) -> String {
    let page = nobody.get_at("/_/").await;
    assert_eq!(page.status, 200, "the server was built without its panel: build admin-ui first");
    page.text()
}

#[tokio::test]
async fn the_page_has_a_strict_policy_and_no_script_of_its_own() {
    let database = Database::sqlite();
    let server = Server::start(&database).await;
    let nobody = server.anonymous();
    let text = page(&nobody).await;

    for path in ["/_/", "/_/setup", "/_/collections/posts?filter=x"] {
        let answer = nobody.get_at(path).await.is(200);
        assert_eq!(answer.text(), text);
        assert_eq!(answer.header("content-type"), "text/html; charset=utf-8");
        assert_eq!(answer.header("content-security-policy"), POLICY);
        assert_eq!(answer.header("cache-control"), "no-cache");
    }
    assert_eq!(nobody.get_at("/").await.is(307).header("location"), "/_/");
    for script in text.split("<script").skip(1) {
        assert!(script.trim_start().contains("src="), "an inline script: {script}");
    }
}

#[tokio::test]
async fn its_files_are_kept_for_ever_and_sent_small() {
    let database = Database::sqlite();
    let server = Server::start(&database).await;
    let nobody = server.anonymous();
    let text = page(&nobody).await;
    let script = text.split('"').find(|part| part.contains("/assets/") && part.ends_with(".js")).expect("a script");
    let get = |accepted: &'static str, known: &str| {
        let url = format!("{}{script}", server.url());
        let request = reqwest::Client::new().request(Method::GET, url).header("accept-encoding", accepted);
        let request = request.header("if-none-match", known);
        nobody.send(request)
    };

    let plain = get("identity", "").await.is(200);
    assert_eq!(plain.header("content-type"), "text/javascript; charset=utf-8");
    assert_eq!(plain.header("cache-control"), "public, max-age=31536000, immutable");
    assert_eq!(plain.header("vary"), "accept-encoding");
    let small = get("br, gzip;q=0.8", "").await.is(200);
    assert_eq!(small.header("content-encoding"), "gzip");
    assert!(small.body.len() < plain.body.len() / 2);
    assert_eq!(get("gzip;q=0", "").await.is(200).header("content-encoding"), "");
    let known = get("gzip", plain.header("etag")).await.is(304);
    assert!(known.body.is_empty());
}

#[tokio::test]
async fn no_path_leads_out_of_it() {
    let database = Database::sqlite();
    let server = Server::start(&database).await;
    let nobody = server.anonymous();

    for path in ["/_/assets/missing.js", "/_/assets/../index.html", "/_/assets/%2e%2e/%2e%2e/etc/passwd"] {
        let answer = nobody.get_at(path).await;
        assert!(answer.status == 404 || answer.text() == page(&nobody).await, "{path}: {}", answer.status);
    }
    nobody.get_at("/_/assets/missing.js").await.is_problem(404, "not_found");
    let posted = reqwest::Client::new().post(format!("{}/_/", server.url()));
    nobody.send(posted).await.is_problem(405, "method_not_allowed");
}
