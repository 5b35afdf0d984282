//! The answer of a machine to an event: a short list that asks for no memory.

/// At most `N` actions, in order. A machine pushes no more than `N` to any event: its tests show that.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Actions<A, const N: usize> {
    list: [Option<A>; N],
}

impl<A: Copy, const N: usize> Actions<A, N> {
    pub(super) const fn none() -> Actions<A, N> {
        Actions { list: [None; N] }
    }

    pub(super) fn push(&mut self, action: A) {
        let free = self.list.iter_mut().find(|slot| slot.is_none());
        debug_assert!(free.is_some(), "more than {N} actions");
        if let Some(free) = free {
            *free = Some(action);
        }
    }
}

impl<A, const N: usize> IntoIterator for Actions<A, N> {
    type Item = A;
    type IntoIter = std::iter::Flatten<std::array::IntoIter<Option<A>, N>>;

    fn into_iter(self) -> Self::IntoIter {
        self.list.into_iter().flatten()
    }
}
