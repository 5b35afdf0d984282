//! Words of which the API knows a few.

use std::fmt;

use serde::Deserialize;

/// An enum of the API's words. Whatever else is written is kept, so that validation can say it, and is
/// `Other` of nothing where nothing is written.
macro_rules! words {
    ($($(#[$doc:meta])* $name:ident { $($variant:ident = $word:literal),+ })+) => {$(
        $(#[$doc])*
        #[derive(Deserialize, Clone, PartialEq, Eq, Debug)]
        #[serde(from = "String")]
        pub enum $name {
            $($variant,)+
            /// None of the words, which validation refuses. Empty is the same as absent.
            Other(String),
        }

        impl $name {
            /// The words of the API.
            pub const WORDS: &'static [&'static str] = &[$($word),+];

            /// The word as written.
            pub fn as_str(&self) -> &str {
                match self {
                    $($name::$variant => $word,)+
                    $name::Other(word) => word,
                }
            }

            pub fn is_unset(&self) -> bool {
                self.as_str().is_empty()
            }
        }

        impl Default for $name {
            fn default() -> $name {
                $name::Other(String::new())
            }
        }

        impl From<String> for $name {
            fn from(word: String) -> $name {
                match word.as_str() {
                    $($word => $name::$variant,)+
                    _ => $name::Other(word),
                }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }
    )+};
}

words! {
    /// When a container is started again (kubelet R2, R3, V17).
    RestartPolicy { Always = "Always", OnFailure = "OnFailure", Never = "Never" }

    /// What a rule of `restartPolicyRules` asks for (kubelet R4, V18).
    RestartRuleAction { Restart = "Restart", RestartAllContainers = "RestartAllContainers" }

    /// How a rule's exit codes are meant (kubelet R4, V18).
    ExitCodesOperator { In = "In", NotIn = "NotIn" }

    /// Where a termination message comes from (kubelet R33, V23).
    TerminationMessagePolicy { File = "File", FallbackToLogsOnError = "FallbackToLogsOnError" }

    /// When an image is pulled (kubelet V4).
    PullPolicy { Always = "Always", IfNotPresent = "IfNotPresent", Never = "Never" }

    /// The scheme of an `httpGet` (kubelet P23, V10).
    UriScheme { Http = "HTTP", Https = "HTTPS" }

    /// The protocol of a container's port.
    PortProtocol { Tcp = "TCP", Udp = "UDP", Sctp = "SCTP" }
}
