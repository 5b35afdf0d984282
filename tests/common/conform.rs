//! One rule, written once, becomes a test of our binary under a peer's name and a test of the real peer.

/// `conform! { tini; … }`: each `fn NAME(subject)` becomes the tests `NAME::ours` and, ignored unless asked for,
/// `NAME::peer`. `conform! { all; … }` does so for tini, dumb-init and catatonit, and adds `NAME::own` for our own name.
#[macro_export]
macro_rules! conform {
    (all; $($(#[$attr:meta])* fn $name:ident($subject:ident) $body:block)*) => {$(
        $(#[$attr])*
        mod $name {
            #[allow(unused_imports)]
            use super::*;
            fn rule($subject: &Subject) $body
            #[test]
            fn own() { rule(&Subject::podinit()) }
            mod ours {
                use super::*;
                #[test]
                fn tini() { rule(&Subject::ours("tini")) }
                #[test]
                fn dumb_init() { rule(&Subject::ours("dumb-init")) }
                #[test]
                fn catatonit() { rule(&Subject::ours("catatonit")) }
            }
            mod peer {
                use super::*;
                #[test]
                #[ignore = "needs the real tini"]
                fn tini() { rule(&Subject::peer("tini")) }
                #[test]
                #[ignore = "needs the real dumb-init"]
                fn dumb_init() { rule(&Subject::peer("dumb-init")) }
                #[test]
                #[ignore = "needs the real catatonit"]
                fn catatonit() { rule(&Subject::peer("catatonit")) }
            }
        }
    )*};
    (tini; $($rules:tt)*) => { $crate::conform! { @one "tini" "needs the real tini"; $($rules)* } };
    (dumb_init; $($rules:tt)*) => { $crate::conform! { @one "dumb-init" "needs the real dumb-init"; $($rules)* } };
    (catatonit; $($rules:tt)*) => { $crate::conform! { @one "catatonit" "needs the real catatonit"; $($rules)* } };
    (@one $program:literal $needs:literal; $($(#[$attr:meta])* fn $name:ident($subject:ident) $body:block)*) => {$(
        $(#[$attr])*
        mod $name {
            #[allow(unused_imports)]
            use super::*;
            fn rule($subject: &Subject) $body
            #[test]
            fn ours() { rule(&Subject::ours($program)) }
            #[test]
            #[ignore = $needs]
            fn peer() { rule(&Subject::peer($program)) }
        }
    )*};
}
