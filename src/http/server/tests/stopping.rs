//! What a stop does to work, to connections and to event streams.

use std::os::fd::AsFd;
use std::pin::pin;

use super::*;

#[tokio::test]
async fn a_stop_lets_work_finish_answers_once_more_and_ends_event_streams() {
    let limits = ServerLimits { lame_duck: LONG, stop_deadline: LONG, ..limits() };
    let server = TestServer::plain(limits).await;
    let (mut busy, mut idle, mut events) =
        (server.connect().await, server.connect().await, server.connect().await);
    assert_eq!(idle.get("/").await.status, 200);
    busy.ask("/wait").await;
    in_time(server.gate.entered.notified()).await;
    events.ask("/events").await;
    in_time(server.gate.entered.notified()).await;

    server.request_stop().await;
    // The stream's end proves that the stop arrived.
    events.reads("bye").await;
    drop(events);
    let last = idle.get("/").await;
    server.gate.release.notify_one();
    let waited = busy.answer().await;

    assert!(last.status == 200 && last.head.contains("connection: close"), "{}", last.head);
    assert!(waited.body == "waited" && waited.head.contains("connection: close"));
    assert_eq!(idle.is_closed().await, "");
    assert_eq!(busy.is_closed().await, "");
    assert!(TcpStream::connect(server.at).await.is_err());
    server.has_ended().await;
}

#[tokio::test]
async fn after_the_lame_duck_time_idle_connections_end_and_work_goes_on() {
    let limits = ServerLimits { lame_duck: Duration::ZERO, stop_deadline: LONG, ..limits() };
    let server = TestServer::plain(limits).await;
    let (mut idle, mut busy) = (server.connect().await, server.connect().await);
    assert_eq!(idle.get("/").await.status, 200);
    busy.ask("/wait").await;
    in_time(server.gate.entered.notified()).await;

    server.request_stop().await;
    assert_eq!(idle.is_closed().await, "");
    server.gate.release.notify_one();

    assert_eq!(busy.answer().await.body, "waited");
    server.has_ended().await;
}

#[tokio::test]
async fn work_that_does_not_end_is_cut_at_the_deadline() {
    let limits = ServerLimits { lame_duck: Duration::ZERO, stop_deadline: SHORT, ..limits() };
    let server = TestServer::plain(limits).await;
    let mut busy = server.connect().await;
    busy.ask("/wait").await;
    in_time(server.gate.entered.notified()).await;

    server.request_stop().await;

    assert_eq!(busy.is_closed().await, "");
    server.has_ended().await;
}

#[tokio::test]
async fn a_stop_lets_http2_requests_finish() {
    let limits = ServerLimits { lame_duck: LONG, stop_deadline: LONG, ..limits() };
    let (server, _) = TestServer::tls(limits).await;
    let (client, connection) = http2(&server).await;
    let gate = server.gate.clone();
    let stop = async {
        gate.entered.notified().await;
        server.request_stop().await;
        gate.release.notify_one();
    };
    let request = http2_get(&client, "/wait");

    let (end, answer, ()) = in_time(async { tokio::join!(connection, request, stop) }).await;

    end.unwrap();
    assert_eq!(answer, (200, "waited".to_owned()));
    server.has_ended().await;
}

#[tokio::test]
async fn a_request_that_was_begun_when_the_farewell_came_is_answered() {
    let limits = ServerLimits { lame_duck: LONG, stop_deadline: LONG, ..limits() };
    let (server, _) = TestServer::tls(limits).await;
    let stream = server.connect_tls(server.client_config(&["h2"])).await;
    let socket = stream.get_ref().0.as_fd().try_clone_to_owned().unwrap();
    let socket = TcpStream::from_std(std::net::TcpStream::from(socket)).unwrap();
    let (client, mut connection) = in_time(h2::client::handshake(stream)).await.unwrap();
    let mut pings = connection.ping_pong().unwrap();
    let mut connection = pin!(connection);
    let heard_all = async {
        assert_eq!(http2_get(&client, "/").await.0, 200);
        pings.ping(h2::Ping::opaque()).await.unwrap();
    };
    tokio::select! {
        () = in_time(heard_all) => {}
        end = connection.as_mut() => panic!("{end:?}"),
    }
    server.request_stop().await;
    // The farewell lies there, and the client has not read it.
    in_time(socket.peek(&mut [0])).await.unwrap();

    let (answer, end) = tokio::join!(http2_get(&client, "/"), in_time(connection));

    assert_eq!(answer.0, 200);
    end.unwrap();
    server.has_ended().await;
}
