//! Opening the WebSocket.

use reqwest::Url;
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Error as SocketError;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::http::{HeaderName, HeaderValue};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async_with_config};

use super::frame::SUBPROTOCOL;

pub(crate) type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// Opens the realtime connection of the server whose API is at `api`, with these headers beside the usual ones.
/// Frames are small and answers are waited for, so Nagle's algorithm is off.
pub(crate) async fn connect(api: &Url, headers: &[(HeaderName, HeaderValue)]) -> Result<Socket, SocketError> {
    let mut request = address(api).as_str().into_client_request()?;
    let all = request.headers_mut();
    all.insert("sec-websocket-protocol", HeaderValue::from_static(SUBPROTOCOL));
    for (name, value) in headers {
        all.insert(name, value.clone());
    }
    Ok(connect_async_with_config(request, None, true).await?.0)
}

/// `https://host/api/v1` → `wss://host/api/v1/realtime`.
fn address(api: &Url) -> String {
    let text = format!("{api}/realtime");
    text.replacen("http", "ws", 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn address_keeps_host_and_prefix() {
        let url = |text| Url::parse(text).unwrap();
        assert_eq!(address(&url("http://h:1/api/v1")), "ws://h:1/api/v1/realtime");
        assert_eq!(address(&url("https://http.example/p/api/v1")), "wss://http.example/p/api/v1/realtime");
    }
}
