//! A small HTTP server: it answers as a test says, or hands a request on to a real server as it is, and notes what it
//! was asked. Each test has its own, so that it can count.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

/// A request, as far as a test looks at it.
#[derive(Clone)]
pub(crate) struct Asked {
    /// The call, `GetSecretValue`, or else the method and path.
    pub(crate) call: String,
    pub(crate) body: String,
    head: String,
}

impl Asked {
    /// A header's value.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| {
            let (key, value) = line.split_once(':')?;
            key.eq_ignore_ascii_case(name).then(|| value.trim())
        })
    }
}

/// What to do with a request.
pub(crate) enum Act {
    /// To the real server, as it came.
    Pass,
    /// These bytes, and the end of the connection.
    Raw(Vec<u8>),
    /// After a while.
    After(Duration, Box<Act>),
    /// Nothing, for as long as the other end stays.
    Hang,
    /// The end of the connection.
    Close,
    /// An answer without end.
    Endless,
}

/// An answer with a status, headers and a body.
pub(crate) fn answer(status: u16, headers: &str, body: &str) -> Act {
    let length = body.len();
    let head = format!("HTTP/1.1 {status} It\r\nContent-Length: {length}\r\nConnection: close\r\n{headers}\r\n");
    Act::Raw((head + body).into_bytes())
}

/// JSON, as the services answer.
pub(crate) fn json(status: u16, body: &str) -> Act {
    answer(status, "Content-Type: application/x-amz-json-1.1\r\n", body)
}

/// An error of a service.
pub(crate) fn refusal(code: &str, message: &str) -> Act {
    json(400, &format!("{{\"__type\":\"{code}\",\"message\":\"{message}\"}}"))
}

/// A secret's value.
pub(crate) fn secret(name: &str, value: &str) -> Act {
    json(
        200,
        &format!(
            "{{\"ARN\":\"arn:aws:secretsmanager:us-east-1:1:secret:{name}-AbCdEf\",\"Name\":\"{name}\",\"SecretString\":\"{value}\"}}"
        ),
    )
}

pub(crate) struct StandIn {
    pub(crate) url: String,
    asked: Arc<Mutex<Vec<Asked>>>,
    most: Arc<AtomicUsize>,
}

impl StandIn {
    /// Answers with what `act` makes of each request; `upstream` is the address for [`Act::Pass`].
    pub(crate) fn new(upstream: &str, act: impl Fn(&Asked, usize) -> Act + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let upstream = upstream.trim_start_matches("http://").to_owned();
        let (asked, most) = (Arc::new(Mutex::new(Vec::new())), Arc::new(AtomicUsize::new(0)));
        let stand_in = Self { url, asked: Arc::clone(&asked), most: Arc::clone(&most) };
        let (act, now) = (Arc::new(act), Arc::new(AtomicUsize::new(0)));
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (asked, most, now) = (Arc::clone(&asked), Arc::clone(&most), Arc::clone(&now));
                let (act, upstream) = (Arc::clone(&act), upstream.clone());
                thread::spawn(move || {
                    let mut input = BufReader::new(stream.try_clone().unwrap());
                    while let Some((request, bytes)) = read(&mut input) {
                        let count = {
                            let mut asked = asked.lock().unwrap();
                            asked.push(request.clone());
                            asked.iter().filter(|one: &&Asked| one.call == request.call).count()
                        };
                        most.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                        let open = perform(act(&request, count), &bytes, &upstream, &stream);
                        now.fetch_sub(1, Ordering::SeqCst);
                        if !open {
                            break;
                        }
                    }
                    let _ = stream.shutdown(std::net::Shutdown::Both);
                });
            }
        });
        stand_in
    }

    /// The calls so far.
    pub(crate) fn calls(&self) -> Vec<String> {
        self.asked.lock().unwrap().iter().map(|one| one.call.clone()).collect()
    }

    pub(crate) fn count(&self, call: &str) -> usize {
        self.calls().iter().filter(|one| *one == call).count()
    }

    /// The first request of a call.
    pub(crate) fn first(&self, call: &str) -> Asked {
        self.asked.lock().unwrap().iter().find(|one| one.call == call).cloned().expect("such a call")
    }

    /// The most requests that were under way at once.
    pub(crate) fn most(&self) -> usize {
        self.most.load(Ordering::SeqCst)
    }
}

/// True if the connection stays open.
fn perform(act: Act, request: &[u8], upstream: &str, mut stream: &TcpStream) -> bool {
    match act {
        Act::Pass => {
            let answer = pass(request, upstream);
            return stream.write_all(&answer).is_ok();
        }
        Act::Raw(bytes) => drop(stream.write_all(&bytes)),
        Act::After(time, then) => {
            thread::sleep(time);
            return perform(*then, request, upstream, stream);
        }
        Act::Hang => drop(stream.read(&mut [0])),
        Act::Close => {}
        Act::Endless => {
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n{\"Name\":\"");
            while stream.write_all(&[b'x'; 65536]).is_ok() {}
        }
    }
    false
}

/// One request and its bytes, `None` at the end.
fn read(input: &mut BufReader<TcpStream>) -> Option<(Asked, Vec<u8>)> {
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if input.read_line(&mut head).ok()? == 0 {
            return None;
        }
    }
    let mut asked = Asked { call: String::new(), body: String::new(), head };
    let length = asked.header("content-length").map_or(0, |length| length.parse().unwrap());
    let mut body = vec![0; length];
    input.read_exact(&mut body).ok()?;
    asked.body = String::from_utf8_lossy(&body).into_owned();
    let first = asked.head.lines().next().unwrap_or_default();
    let plain = first.trim_end_matches(" HTTP/1.1").to_owned();
    asked.call = asked.header("x-amz-target").and_then(|target| target.rsplit('.').next()).map_or(plain, str::to_owned);
    let bytes = [asked.head.as_bytes(), &body].concat();
    Some((asked, bytes))
}

/// Asks the real server on a connection of its own; the answer's end is told by its length.
fn pass(request: &[u8], upstream: &str) -> Vec<u8> {
    let mut stream = TcpStream::connect(upstream).unwrap();
    stream.write_all(request).unwrap();
    let mut input = BufReader::new(stream);
    let mut answer = String::new();
    while !answer.ends_with("\r\n\r\n") {
        assert_ne!(input.read_line(&mut answer).unwrap(), 0, "the real server broke off: {answer}");
    }
    let length = answer.lines().find_map(|line| {
        let (key, value) = line.split_once(':')?;
        key.eq_ignore_ascii_case("content-length").then(|| value.trim().parse::<usize>().unwrap())
    });
    let mut body = vec![0; length.expect("a length")];
    input.read_exact(&mut body).unwrap();
    [answer.as_bytes(), &body].concat()
}
