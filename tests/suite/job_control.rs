//! podinit as a job of a shell: Ctrl-Z gives the prompt back, `fg` the program (design 3.4).

use crate::common::*;
use libc::SIGINT;

/// An interactive shell on a terminal, which knows podinit as `$P`.
fn shell(shell: &[&str]) -> (Running, Terminal) {
    let terminal = Terminal::new();
    let run = Run::program(shell[0]).args(&shell[1..]).terminal(&terminal);
    let running =
        run.env("P", Subject::podinit().path()).env("W", witness()).env("PS1", "$ ").spawn();
    shows_prompt(&running, &terminal);
    (running, terminal)
}

fn shows_prompt(running: &Running, terminal: &Terminal) {
    running.until("the shell has the terminal", || {
        (terminal.foreground() == Some(running.pid())).then_some(())
    });
}

const SHELLS: [&[&str]; 2] = [&["/bin/dash", "-i"], &["/bin/bash", "--norc", "--noprofile", "-i"]];

/// The init that the shell has started, and its program.
fn job(running: &Running) -> (i32, i32) {
    let is_podinit = |pid: &i32| status(*pid, "Name").as_deref() == Some("podinit");
    running.until("podinit and its program run", || {
        let init = children(running.pid()).into_iter().find(is_podinit)?;
        Some((init, children(init).first().copied()?))
    })
}

#[test]
fn ctrl_z_gives_the_prompt_back_and_fg_the_program() {
    for command in SHELLS {
        let (running, terminal) = shell(command);
        terminal.press("$P -- sleep 90\n");
        let (init, program) = job(&running);
        let in_front = || (terminal.foreground() == Some(program)).then_some(());
        running.until("the program is in the foreground", in_front);
        for _ in 0..2 {
            terminal.press("\x1a");
            running.until("the program is stopped", || (state(program) == Some('T')).then_some(()));
            running.until("so is podinit", || (state(init) == Some('T')).then_some(()));
            shows_prompt(&running, &terminal);
            terminal.press("fg\n");
            running.until("the program is in the foreground again", in_front);
            running.until("and runs", || (state(program) == Some('S')).then_some(()));
        }
        terminal.press("\x03");
        shows_prompt(&running, &terminal);
        terminal.press("echo code-$?\n");
        terminal.shows("code-130");
    }
}

#[test]
fn bg_lets_it_run_on_behind_the_shell() {
    for command in SHELLS {
        let (running, terminal) = shell(command);
        terminal.press("$P -- sleep 90\n");
        let (init, program) = job(&running);
        running.until("the program is in the foreground", || {
            (terminal.foreground() == Some(program)).then_some(())
        });
        terminal.press("\x1a");
        shows_prompt(&running, &terminal);
        running.until("podinit is stopped", || (state(init) == Some('T')).then_some(()));
        terminal.press("bg\n");
        running.until("the program runs", || (state(program) == Some('S')).then_some(()));
        assert_eq!(terminal.foreground(), Some(running.pid()));
        terminal.press("kill %1; wait %1; echo code-$?\n");
        terminal.shows("code-143");
    }
}

/// A job started in the background does not take the terminal (init X15); it is stopped when it reads, like any
/// other, and gets the terminal by `fg`.
#[test]
fn a_reader_in_the_background_waits_for_fg() {
    for command in SHELLS {
        let (running, terminal) = shell(command);
        terminal.press("$P -- /bin/sh -c 'read line; echo got-$line; exit 4' &\n");
        let (init, program) = job(&running);
        running.until("the program is stopped", || (state(program) == Some('T')).then_some(()));
        running.until("so is podinit", || (state(init) == Some('T')).then_some(()));
        assert_eq!(terminal.foreground(), Some(running.pid()));
        terminal.press("fg\n");
        running.until("the program is in the foreground", || {
            (terminal.foreground() == Some(program)).then_some(())
        });
        terminal.press("words\n");
        terminal.shows("got-words");
        shows_prompt(&running, &terminal);
        terminal.press("echo code-$?\n");
        terminal.shows("code-4");
    }
}

/// A shell that has job control puts podinit in front without a word when it was only running behind.
#[test]
fn fg_of_a_running_job_serves_its_first_read() {
    let (running, terminal) = shell(SHELLS[1]);
    let dir = TempDir::new();
    let script = "$P -- /bin/sh -c 'while [ ! -e '$D'/go ]; do sleep 0.05; done; read line; echo got-$line' &\n";
    terminal.press(&format!("D={}\n{script}", dir.path().display()));
    let (_, program) = job(&running);
    terminal.press("fg\n");
    running.until("podinit's group is in front", || {
        (terminal.foreground() != Some(running.pid())).then_some(())
    });
    dir.write("go", 0o644, "");
    running.until("the program is in the foreground", || {
        (terminal.foreground() == Some(program)).then_some(())
    });
    terminal.press("words\n");
    terminal.shows("got-words");
}

/// init K3, X16: a script without job control reads on after podinit has ended, whatever the program did with the
/// terminal.
#[test]
fn a_script_has_its_terminal_back() {
    let programs = [
        "true",
        "/bin/sh -c :",
        "/bin/bash --norc -i -c :",
        "/bin/sh -ic 'sleep 0'",
        "/no/such/program 2>/dev/null",
    ];
    for program in programs {
        for name in ["podinit", "tini", "catatonit", "dumb-init"] {
            let terminal = Terminal::new();
            let script = format!("\"$P\" -- {program}; read line; echo got-$line");
            let run = Run::program("/bin/sh").args(["-c", &script]).terminal(&terminal);
            let mut running =
                run.env("P", Subject::ours(name).path()).env("TINI_SUBREAPER", "").spawn();
            running.until("the script reads", || {
                let reads = children(running.pid()).is_empty() && state(running.pid()) == Some('S');
                (reads && terminal.foreground() == Some(running.pid())).then_some(())
            });
            terminal.press("words\n");
            terminal.shows("got-words");
            running.wait().exits(0);
        }
    }
}

/// In a pipeline the terminal is everybody's: nobody is kept from it, and the whole job stops and comes back.
#[test]
fn a_pipeline_shares_the_terminal_and_stops_and_continues_as_one() {
    let (running, terminal) = shell(SHELLS[1]);
    terminal.press(
        "true | $P -- sleep 91 | sh -c 'read line </dev/tty; echo got-$line; exec sleep 92'\n",
    );
    let (init, program) = job(&running);
    terminal.press("words\n");
    terminal.shows("got-words");
    for _ in 0..2 {
        terminal.press("\x1a");
        running.until("podinit is stopped", || (state(init) == Some('T')).then_some(()));
        running.until("so is the program", || (state(program) == Some('T')).then_some(()));
        shows_prompt(&running, &terminal);
        terminal.press("fg\n");
        running.until("the program runs", || (state(program) == Some('S')).then_some(()));
    }
    terminal.press("\x03");
    shows_prompt(&running, &terminal);
    eventually("all have ended", || !is_alive(init) && !is_alive(program));
}

/// What reads from the terminal though its input is a pipe gets it when it asks.
#[test]
fn a_reader_of_the_terminal_behind_a_pipe_gets_it() {
    for command in SHELLS {
        let (running, terminal) = shell(command);
        terminal.press(
            "echo x | $P -- /bin/sh -c 'read line </dev/tty; echo got-$line; exec sleep 90'\n",
        );
        let (_, program) = job(&running);
        running.until("the program is in the foreground", || {
            (terminal.foreground() == Some(program)).then_some(())
        });
        terminal.press("words\n");
        terminal.shows("got-words");
        terminal.press("\x03");
        shows_prompt(&running, &terminal);
    }
}

/// With `-c`, and as tini and catatonit, Ctrl-Z stops the program's whole group; `fg` continues all of it.
#[test]
fn fg_continues_the_group_though_signals_go_to_the_program_alone() {
    for name in ["podinit -c", "tini -s", "catatonit"] {
        let (name, option) = name.split_once(' ').unwrap_or((name, ""));
        let (running, terminal) = shell(SHELLS[1]);
        let path = Subject::ours(name).path().display().to_string();
        terminal.press(&format!("{path} {option} -- /bin/sh -c 'sleep 90; :'\n"));
        let program = running.until("the program runs", || {
            let init = children(running.pid())
                .into_iter()
                .find(|pid| status(*pid, "Name").as_deref() == Some(name))?;
            children(init).first().copied()
        });
        let sleeper = running.until("its child runs", || children(program).first().copied());
        running.until("it is sleep", || (status(sleeper, "Name")? == "sleep").then_some(()));
        running.until("they are in the foreground", || {
            (terminal.foreground() == Some(program)).then_some(())
        });
        terminal.press("\x1a");
        running.until("the child is stopped", || (state(sleeper) == Some('T')).then_some(()));
        shows_prompt(&running, &terminal);
        terminal.press("fg\n");
        running.until("the child runs again", || (state(sleeper) == Some('S')).then_some(()));
    }
}

/// In a session without a shell nobody could continue what Ctrl-Z has stopped: it has no effect, as without podinit.
#[test]
fn ctrl_z_passes_where_nobody_could_continue() {
    let terminal = Terminal::new();
    let mut running = Run::of(&Subject::podinit()).args(["--", "cat"]).terminal(&terminal).spawn();
    let program = running.main_pid();
    let in_front = || {
        (terminal.foreground() == Some(program) && status(program, "Name")? == "cat").then_some(())
    };
    running.until("the program is in the foreground", in_front);
    for line in ["one", "two"] {
        terminal.press("\x1a");
        terminal.press(&format!("{line}\n"));
        terminal.shows(&format!("{line}\r\n{line}\r\n"));
    }
    terminal.press("\x03");
    running.wait().exits(128 + SIGINT);
}

/// A program may suspend itself with STOP, as some editors and shells do.
#[test]
fn a_program_that_suspends_itself_gives_the_prompt_back() {
    for command in SHELLS {
        let (running, terminal) = shell(command);
        terminal.press("$P -- sh -c 'kill -STOP $$; exit 5'\n");
        let (init, program) = job(&running);
        running.until("the program is stopped", || (state(program) == Some('T')).then_some(()));
        running.until("so is podinit", || (state(init) == Some('T')).then_some(()));
        shows_prompt(&running, &terminal);
        terminal.press("fg\n");
        eventually("it has ended", || !is_alive(init));
        shows_prompt(&running, &terminal);
        terminal.press("echo code-$?\n");
        terminal.shows("code-5");
    }
}

/// A reader in the background that no shell can bring to the front is hung up, and does not hang.
#[test]
fn a_reader_nobody_can_bring_to_the_front_is_hung_up() {
    let (running, terminal) = shell(SHELLS[1]);
    let dir = TempDir::new();
    let job = format!("$P -- cat /dev/tty; echo code-$? > {}", dir.file("code"));
    terminal.press(&format!("( ( {job} ) & )\n"));
    let code = running.until("it has ended", || {
        std::fs::read_to_string(dir.file("code")).ok().filter(|c| !c.is_empty())
    });
    assert!(["code-129\n", "code-1\n"].contains(&code.as_str()), "{code}");
}

/// While leftovers are waited for, the keyboard is podinit's.
#[test]
fn keys_reach_podinit_when_the_program_has_ended() {
    let terminal = Terminal::new();
    let script = "setsid sh -c 'trap \"\" TERM; sleep 90' & sleep 0.2; exit 6";
    let run =
        Run::of(&Subject::podinit()).args(["--grace-period", "1s", "--", "/bin/sh", "-c", script]);
    let mut running = run.terminal(&terminal).spawn();
    let program = running.main_pid();
    running.until("the program has ended", || (!is_alive(program)).then_some(()));
    running.until("podinit is in front", || {
        (terminal.foreground() == Some(running.pid())).then_some(())
    });
    running.wait().exits(6);
}

/// init K10: a shell without job control gives `&` no terminal, and neither do we.
#[test]
fn a_script_reads_on_beside_a_podinit_in_the_background() {
    for name in ["podinit", "tini", "dumb-init"] {
        let terminal = Terminal::new();
        let script =
            "\"$P\" -- sleep 90 & read line; echo got-$line; kill $!; wait $!; echo code-$?";
        let run = Run::program("/bin/sh").args(["-c", script]).terminal(&terminal);
        let mut running =
            run.env("P", Subject::ours(name).path()).env("TINI_SUBREAPER", "").spawn();
        let init = running.until("the init runs", || children(running.pid()).first().copied());
        running.until("so does its program", || children(init).first().copied());
        terminal.press("words\n");
        terminal.shows("got-words");
        terminal.shows("code-143");
        running.wait().exits(0);
    }
}
