//! The agent as a process: with a link, a server, commands. A program of its own, as the agent is forked and wants a
//! process with one thread.

use std::process::ExitCode;

use podinit::sys::{signals, this_process};

mod harness;
mod hooks;
mod probes;
mod process;

use harness::Folder;

type Case = fn(&Folder);

fn main() -> ExitCode {
    signals::block_all();
    // As init would be: what commands leave behind comes here.
    this_process::become_subreaper().unwrap();
    let cases: &[(&str, Case)] = &[
        ("probes::verdicts_are_told_once", probes::verdicts_are_told_once),
        (
            "probes::startup_comes_first_and_liveness_fails",
            probes::startup_comes_first_and_liveness_fails,
        ),
        ("probes::w29_another_agent_goes_on", probes::w29_another_agent_goes_on),
        ("probes::w19_an_attempt_that_was_killed", probes::w19_an_attempt_that_was_killed),
        (
            "hooks::commands_have_the_containers_surroundings",
            hooks::commands_have_the_containers_surroundings,
        ),
        ("hooks::h18_a_hooks_output_is_logged", hooks::h18_a_hooks_output_is_logged),
        ("hooks::m16_a_failed_hook_is_explained", hooks::m16_a_failed_hook_is_explained),
        ("hooks::h03_h04_a_hooks_request", hooks::h03_h04_a_hooks_request),
        #[cfg(feature = "tls")]
        ("hooks::h05_https_answered_in_http", hooks::h05_https_answered_in_http),
        ("hooks::h06_a_pause_can_be_ended", hooks::h06_a_pause_can_be_ended),
        ("hooks::an_ended_hook_takes_all_along", hooks::an_ended_hook_takes_all_along),
        ("hooks::what_a_hook_leaves_behind_is_inits", hooks::what_a_hook_leaves_behind_is_inits),
        ("process::another_users_commands_end_too", process::another_users_commands_end_too),
        (
            "process::no_command_outlives_a_killed_agent",
            process::no_command_outlives_a_killed_agent,
        ),
        ("process::only_the_links_end_ends_it", process::only_the_links_end_ends_it),
        ("process::without_descriptors", process::without_descriptors),
        ("process::it_keeps_to_itself_and_idles", process::it_keeps_to_itself_and_idles),
    ];
    let wanted = std::env::args().nth(1).filter(|name| !name.starts_with('-'));
    let wanted = |name: &str| wanted.as_ref().is_none_or(|part| name.contains(part.as_str()));
    let chosen = cases.iter().filter(|(name, _)| wanted(name));
    let mut count = 0;
    for (name, case) in chosen {
        println!("{name}");
        case(&Folder::new(&name.replace("::", "-")));
        count += 1;
    }
    println!("{count} passed, 0 failed");
    ExitCode::SUCCESS
}
