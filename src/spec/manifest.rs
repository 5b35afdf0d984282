//! A manifest file from its bytes to the pod that it is about: read, decoded, with its defaults, and valid.

use std::fmt;

use super::document::{self, DecodeError, Decoded, ReadError, Warning};
use super::pod::validation::{FieldErrors, validate};
use super::pod::{Pod, WorkloadError, bearer};

/// What a file says.
#[derive(Debug)]
pub struct Manifest {
    /// With all defaults.
    pub pod: Pod,
    /// How the pod is reached from its document, such as `spec.template`; empty for a Pod. Paths of errors that are
    /// found later begin with it.
    pub path: String,
    /// Fields that nothing knows, no more than [`document::MAX_WARNINGS`].
    pub warnings: Vec<Warning>,
    /// How many more there are.
    pub more_warnings: usize,
}

/// Why a file is no manifest.
#[derive(Debug)]
pub enum ManifestError {
    /// It is neither YAML nor JSON.
    Read(ReadError),
    /// It is not about one pod.
    Workload(WorkloadError),
    /// A field has a value that it cannot have.
    Decode(DecodeError),
    /// All that the API would refuse; and the fields that nothing knows, since what is missing may only be misspelt.
    Invalid { errors: FieldErrors, warnings: Vec<Warning> },
}

impl Manifest {
    /// # Errors
    /// What is wrong with it and where, for people.
    pub fn read(bytes: &[u8]) -> Result<Manifest, ManifestError> {
        let documents = document::read(bytes).map_err(ManifestError::Read)?;
        let bearer = bearer(&documents).map_err(ManifestError::Workload)?;
        let decoded = bearer.read().map_err(ManifestError::Decode)?;
        let pod = decoded.value.with_defaults();
        let Decoded { warnings, more_warnings, .. } = decoded;
        match validate(&pod, bearer.kind, &bearer.path) {
            Ok(()) => Ok(Manifest { pod, path: bearer.path, warnings, more_warnings }),
            Err(errors) => Err(ManifestError::Invalid { errors, warnings }),
        }
    }
}

impl fmt::Display for ManifestError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ManifestError::Read(error) => error.fmt(f),
            ManifestError::Workload(error) => error.fmt(f),
            ManifestError::Decode(error) => error.fmt(f),
            ManifestError::Invalid { errors, warnings } => {
                errors.fmt(f)?;
                warnings.iter().try_for_each(|warning| write!(f, "\n{warning}"))
            }
        }
    }
}

impl std::error::Error for ManifestError {}

#[cfg(test)]
mod tests {
    use super::*;

    const JOB: &str = "
apiVersion: batch/v1
kind: Job
metadata: {name: once}
spec:
  template:
    metadata: {labels: {app: once}}
    spec:
      restartPolicy: Never
      containers:
      - name: main
        command: [sh, -c, exit 0]
        livenesProbe: {exec: {command: [x]}}
";

    #[test]
    fn a_file_becomes_a_pod_with_its_defaults() {
        let manifest = Manifest::read(JOB.as_bytes()).unwrap();
        assert_eq!(manifest.pod.metadata.name, "once");
        assert_eq!(manifest.pod.spec.termination_grace_period_seconds, Some(30));
        assert_eq!(manifest.path, "spec.template");
        let warnings: Vec<String> = manifest.warnings.iter().map(Warning::to_string).collect();
        assert_eq!(
            warnings,
            [
                "spec.template.spec.containers[0].livenesProbe: unknown field (line 13): did you mean livenessProbe?"
            ]
        );
    }

    #[test]
    fn whatever_is_wrong_is_told_with_its_place() {
        let told = |text: String| Manifest::read(text.as_bytes()).unwrap_err().to_string();
        assert_eq!(
            told(JOB.replace("kind: Job", "kind: Service").replace("batch/", "")),
            "no pod in it; write one of Pod, PodTemplate, ReplicationController, ReplicaSet, Deployment, StatefulSet, \
             DaemonSet, Job, CronJob instead of, or beside, Service"
        );
        assert_eq!(
            told(JOB.replace("name: main", "name: 7")),
            "spec.template.spec.containers[0].name: expected a string, found the integer 7: write \"7\" (line 11)"
        );
        assert_eq!(
            told(JOB.replace("Never", "Always").replace("name: main", "name: Main")),
            "spec.template.spec.containers[0].name: Invalid value: \"Main\": must be lower-case letters, digits and '-', a \
             letter or digit first and last (such as 'my-name')\n\
             spec.template.spec.restartPolicy: Unsupported value: \"Always\": supported values: \"OnFailure\", \
             \"Never\"\n\
             spec.template.spec.containers[0].livenesProbe: unknown field (line 13): did you mean livenessProbe?"
        );
        assert!(told(JOB.replace("{name: once}", "{name: once")).starts_with("line "));
    }
}
