//! A container's variables (kubelet V19, V20). Two of one name are no error.

use super::{Around, Place, reference};
use crate::spec::field_path::Use;
use crate::spec::names;
use crate::spec::pod::{EnvFromSource, EnvVar, EnvVarSource};

/// What two sources of one variable are told.
const TOO_MANY: &str = "may not have more than one field specified at a time";

pub(super) fn variables(variables: &[EnvVar], around: &Around<'_>, at: &mut Place<'_>) {
    for (index, variable) in variables.iter().enumerate() {
        let at = &mut at.index(index);
        at.field("name").check(&variable.name, names::variable);
        if let Some(source) = &variable.value_from {
            let at = &mut at.field("valueFrom");
            match sources(source, around, at) {
                0 => at.invalid(
                    "",
                    "must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef`, `secretKeyRef` or `fileKeyRef`",
                ),
                _ if !variable.value.is_empty() => {
                    at.invalid("", "may not be specified when `value` is not empty");
                }
                1 => {}
                _ => at.invalid("", TOO_MANY),
            }
        }
    }
}

/// How many there are.
fn sources(source: &EnvVarSource, around: &Around<'_>, at: &mut Place<'_>) -> usize {
    let mut count = 0;
    if let Some(selector) = &source.field_ref {
        count += 1;
        reference::field(selector, Use::Variable, &mut at.field("fieldRef"));
    }
    if let Some(selector) = &source.resource_field_ref {
        count += 1;
        reference::resource(selector, Use::Variable, &mut at.field("resourceFieldRef"));
    }
    if let Some(selector) = &source.config_map_key_ref {
        count += 1;
        reference::key(selector, &mut at.field("configMapKeyRef"));
    }
    if let Some(selector) = &source.secret_key_ref {
        count += 1;
        reference::key(selector, &mut at.field("secretKeyRef"));
    }
    if let Some(selector) = &source.file_key_ref {
        count += 1;
        reference::file_key(selector, around, &mut at.field("fileKeyRef"));
    }
    count
}

pub(super) fn imports(imports: &[EnvFromSource], at: &mut Place<'_>) {
    for (index, import) in imports.iter().enumerate() {
        let at = &mut at.index(index);
        if !import.prefix.is_empty() {
            at.field("prefix").check(&import.prefix, names::variable);
        }
        let sources = [("configMapRef", &import.config_map_ref), ("secretRef", &import.secret_ref)];
        let mut count = 0;
        for (field, source) in sources {
            if let Some(source) = source {
                count += 1;
                at.field(field).field("name").check(&source.name, names::dns_subdomain);
            }
        }
        match count {
            0 => at.invalid("", "must specify one of: `configMapRef` or `secretRef`"),
            1 => {}
            _ => at.invalid("", TOO_MANY),
        }
    }
}
