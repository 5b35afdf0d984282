//! Where a container's variables have their values from (kubelet E9 to E16).

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fmt;
use std::rc::Rc;

use super::error::{PlanError, Problem};
use super::{Given, fields};
use crate::plan::environment::{Entry, Import, Source, Unresolved};
use crate::spec::field_path::{FieldPath, Use};
use crate::spec::pod::{self as manifest, EnvVar, EnvVarSource};
use crate::spec::quantity::Quantity;
use crate::spec::resource_field::ResourceField;

/// What is kept beside a manifest.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Object {
    ConfigMap(String),
    Secret(String),
}

impl fmt::Display for Object {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Object::ConfigMap(name) => write!(f, "ConfigMap {name:?}"),
            Object::Secret(name) => write!(f, "Secret {name:?}"),
        }
    }
}

/// Who has the contents of ConfigMaps and Secrets.
pub trait Objects {
    /// All keys with their values; `None` if there is no such object.
    ///
    /// # Errors
    /// It is there and cannot be read, for this reason.
    fn contents(&self, object: &Object) -> Result<Option<BTreeMap<String, Vec<u8>>>, String>;
}

type Contents = Result<Option<BTreeMap<String, Vec<u8>>>, String>;

/// Asks for each object once, so that all variables see one state of it, and thousands of references read nothing
/// thousands of times (`makeEnvironmentVariables` of `pkg/kubelet/kubelet_pods.go` keeps what it has, too).
pub(super) struct Once<'o> {
    objects: &'o dyn Objects,
    known: RefCell<BTreeMap<Object, Rc<Contents>>>,
}

impl<'o> Once<'o> {
    pub(super) fn new(objects: &'o dyn Objects) -> Once<'o> {
        Once { objects, known: RefCell::default() }
    }

    fn contents(&self, object: &Object) -> Rc<Contents> {
        let mut known = self.known.borrow_mut();
        let contents =
            known.entry(object.clone()).or_insert_with(|| Rc::new(self.objects.contents(object)));
        Rc::clone(contents)
    }
}

/// What a variable refers to.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Reference {
    Field(FieldPath),
    /// Of the container itself if it names none (kubelet D14).
    Resource {
        container: String,
        field: ResourceField,
        divisor: Option<Quantity>,
    },
    Key(Object, String),
    File,
}

/// The `env` of a container.
pub(super) fn entries(container: &manifest::Container) -> Result<Vec<Entry<Reference>>, PlanError> {
    let one = |(index, variable): (usize, &EnvVar)| {
        // A value goes before a reference (kubelet E13).
        let source = match &variable.value_from {
            Some(from) if variable.value.is_empty() => {
                let (reference, optional) = reference(from).map_err(|(field, problem)| {
                    PlanError::new(format!("env[{index}].valueFrom{field}"), problem)
                })?;
                Source::From { reference, optional }
            }
            _ => Source::Value(variable.value.clone()),
        };
        Ok(Entry { name: variable.name.clone(), source })
    };
    container.environment.iter().enumerate().map(one).collect()
}

/// What is referred to, and whether it may be missing; or which field below is wrong.
fn reference(from: &EnvVarSource) -> Result<(Reference, bool), (&'static str, Problem)> {
    if let Some(selector) = &from.field_ref {
        let field = FieldPath::parse(&selector.field_path, Use::Variable);
        let field = field.map_err(|error| (".fieldRef.fieldPath", Problem::FieldPath(error)))?;
        return Ok((Reference::Field(field), false));
    }
    if let Some(selector) = &from.resource_field_ref {
        let unknown =
            || (".resourceFieldRef.resource", Problem::UnknownResource(selector.resource.clone()));
        let field = ResourceField::parse(&selector.resource).ok_or_else(unknown)?;
        let container = selector.container_name.clone();
        return Ok((
            Reference::Resource { container, field, divisor: selector.divisor.clone() },
            false,
        ));
    }
    if let Some(selector) = &from.config_map_key_ref {
        let object = Object::ConfigMap(selector.name.clone());
        return Ok((Reference::Key(object, selector.key.clone()), selector.optional == Some(true)));
    }
    if let Some(selector) = &from.secret_key_ref {
        let object = Object::Secret(selector.name.clone());
        return Ok((Reference::Key(object, selector.key.clone()), selector.optional == Some(true)));
    }
    match &from.file_key_ref {
        Some(selector) => Ok((Reference::File, selector.optional == Some(true))),
        None => Err(("", Problem::NoSource)),
    }
}

/// The `envFrom` of a container. One that names neither kind names no object, and so has nothing.
pub(super) fn imports(container: &manifest::Container) -> Vec<Import<Object>> {
    let one = |from: &manifest::EnvFromSource| {
        let (object, source) = match (&from.config_map_ref, &from.secret_ref) {
            (Some(source), _) => (Object::ConfigMap(source.name.clone()), source),
            (None, Some(source)) => (Object::Secret(source.name.clone()), source),
            (None, None) => return None,
        };
        let optional = source.optional == Some(true);
        Some(Import { prefix: from.prefix.clone(), reference: object, optional })
    };
    container.env_from.iter().filter_map(one).collect()
}

impl Given<'_> {
    pub(super) fn all_of(
        &self,
        object: &Object,
    ) -> Result<Vec<(String, Vec<u8>)>, Unresolved<Problem>> {
        self.look_into(object, |contents| {
            let pairs = contents.iter().map(|(key, value)| (key.clone(), value.clone()));
            Ok(pairs.collect())
        })
    }

    /// What `take` takes of the contents of an object.
    fn look_into<T>(
        &self,
        object: &Object,
        take: impl FnOnce(&BTreeMap<String, Vec<u8>>) -> Result<T, Problem>,
    ) -> Result<T, Unresolved<Problem>> {
        match &*self.objects.contents(object) {
            Ok(Some(contents)) => take(contents).map_err(Unresolved::Missing),
            Ok(None) => Err(Unresolved::Missing(Problem::NoObject(object.clone()))),
            Err(why) => {
                let (object, why) = (object.clone(), why.clone());
                Err(Unresolved::Failed(Problem::Unreadable { object, why }))
            }
        }
    }

    pub(super) fn value_of(&self, reference: &Reference) -> Result<Vec<u8>, Unresolved<Problem>> {
        match reference {
            Reference::Field(field) => Ok(fields::value(self.pod, field).into_bytes()),
            Reference::Resource { container, field, divisor } => {
                let amount = self.amount(container, field, divisor.as_ref());
                amount.map(|amount| amount.to_string().into_bytes()).map_err(Unresolved::Failed)
            }
            Reference::Key(object, key) => {
                let missing = || Problem::NoKey { object: object.clone(), key: key.clone() };
                self.look_into(object, |contents| contents.get(key).cloned().ok_or_else(missing))
            }
            Reference::File => Err(Unresolved::Missing(Problem::FileKey)),
        }
    }

    fn amount(
        &self,
        name: &str,
        field: &ResourceField,
        divisor: Option<&Quantity>,
    ) -> Result<i64, Problem> {
        let of = fields::find(self.pod, self.container, name);
        let of = of.ok_or_else(|| Problem::UnknownContainer(name.to_owned()))?;
        // An init container that is named has no default, its own name included (kubelet D15).
        let is_init = self.pod.spec.init_containers.iter().any(|init| init.name == of.name);
        let default = (name.is_empty() || !is_init)
            .then(|| fields::default_limit(self.pod, &self.options.allocatable, &field.resource))
            .flatten();
        Ok(fields::amount(of, field, default.as_ref(), divisor))
    }
}
