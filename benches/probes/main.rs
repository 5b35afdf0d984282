//! `podinit probe` beside what images carry for it today, as processes, and what an init that probes costs:
//! `cargo bench --bench probes`.
//! See docs/benchmarks.md.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::ExitCode;
use std::time::Duration;

use clock::Instant;
use contender::Contender;
use rounds::rounds;
use table::{Bar, Row, Show, Unit};

mod agent;
#[path = "../peers/clock.rs"]
#[expect(dead_code, reason = "this bench uses its part")]
mod clock;
mod contender;
#[path = "../peers/launch.rs"]
#[expect(dead_code, reason = "this bench uses its part")]
mod launch;
#[path = "../peers/processors.rs"]
#[expect(dead_code, reason = "this bench uses its part")]
mod processors;
#[path = "../peers/rounds.rs"]
#[expect(dead_code, reason = "this bench uses its part")]
mod rounds;
#[path = "../peers/stats.rs"]
#[expect(dead_code, reason = "this bench uses its part")]
mod stats;
#[path = "../peers/table.rs"]
#[expect(dead_code, reason = "this bench uses its part")]
mod table;

const HELP: &str = "\
usage: cargo bench --bench probes -- [OPTIONS]

  --quick      a tenth of the rounds: for a look, not for a figure
  --verbose    every program's own figures as well: least, quartiles, most
  --help
";

const ROUNDS: usize = 500;

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let has = |word: &str| words.iter().any(|other| other == word);
    let known = ["--bench", "--quick", "--verbose", "--help"];
    if let Some(word) = words.iter().find(|word| !known.contains(&word.as_str())) {
        eprintln!("bench: no option `{word}`; see cargo bench --bench probes -- --help");
        return ExitCode::FAILURE;
    }
    if has("--help") {
        print!("{HELP}");
        return ExitCode::SUCCESS;
    }
    let count = if has("--quick") { ROUNDS / 10 } else { ROUNDS };
    let server = serve();
    for (group, contenders) in
        [(&HTTP, contender::http(&format!("http://{server}/"))), (&TCP, contender::tcp(server))]
    {
        let rows = compare(group, &contenders, count);
        println!("{}", table::comparison(&contenders, &rows));
        if has("--verbose") {
            println!("{}", table::distributions(&contenders, &rows));
        }
        for failure in table::failures(&contenders, &rows) {
            println!("failed: {failure}");
        }
    }
    let time = Duration::from_secs(if has("--quick") { 5 } else { 20 });
    println!("{}", agent::table(server, time));
    ExitCode::SUCCESS
}

/// One kind of probe: its rows' names, and what podinit has to reach for wall and CPU.
struct Group {
    names: [&'static str; 4],
    peer: &'static str,
    must: f64,
    wish: f64,
}

const HTTP: Group = Group {
    names: ["http: wall", "http: CPU", "http: page faults", "http: peak memory"],
    peer: "curl",
    must: 0.5,
    wish: 0.5,
};

const TCP: Group = Group {
    names: ["tcp: wall", "tcp: CPU", "tcp: page faults", "tcp: peak memory"],
    peer: "nc -z",
    must: 1.0,
    wish: 1.0,
};

fn compare(group: &Group, contenders: &[Contender], count: usize) -> Vec<Row> {
    eprintln!("measuring {} ...", group.names[0]);
    let cells = rounds(contenders, count, |_, contender| {
        let began = Instant::now();
        let mut running = contender.command.start()?;
        let ended = running.wait()?.expect_code(0)?;
        let wall = began.elapsed();
        Ok([
            wall.as_nanos() as f64,
            ended.cpu.as_nanos() as f64,
            ended.minor_faults as f64,
            ended.peak_memory as f64,
        ])
    });
    let units = [Unit::Nanos, Unit::Nanos, Unit::Count, Unit::Bytes];
    let mut rows = Vec::new();
    for (at, ((cells, name), unit)) in cells.into_iter().zip(group.names).zip(units).enumerate() {
        let Group { peer, must, wish, .. } = *group;
        let bar = if at < 2 { Bar::RatioAtMost { peer, must, wish } } else { Bar::Open };
        rows.push(Row { name, unit, show: Show::Ratio, bar, cells });
    }
    rows
}

/// A server in this process that answers every request alike and closes.
fn serve() -> SocketAddr {
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a port of this machine");
    let address = listener.local_addr().expect("it listens");
    std::thread::spawn(move || listener.incoming().flatten().for_each(answer));
    address
}

fn answer(mut stream: TcpStream) {
    let mut request = [0; 4096];
    // Whoever only connects, and goes without a word, gets no answer.
    let _ = stream.set_read_timeout(Some(Duration::from_secs(1)));
    if stream.read(&mut request).is_ok_and(|count| count > 0) {
        let _ = stream
            .write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok");
    }
}
