//! Which of the caller's variables go through to the command.

use crate::error::Report;
use crate::profile::Profile;
use crate::reference::matches;

/// A pattern, with the file and the byte where it stands; neither for `-i`.
pub type Pattern<'p> = (&'p str, Option<(usize, usize)>);

/// The patterns of every file of a launch and of its command line.
pub struct Inherit<'p> {
    plain: Vec<Pattern<'p>>,
    on_purpose: Vec<Pattern<'p>>,
    /// Patterns of variables that are credentials of the sources in use, with the source's name.
    credentials: Vec<(&'p str, &'p str)>,
}

impl<'p> Inherit<'p> {
    /// Collects them.
    pub fn of(profile: &'p Profile) -> Self {
        let mut plain: Vec<Pattern<'p>> = profile.wish.inherit.iter().map(|pattern| (pattern.as_str(), None)).collect();
        let mut on_purpose = Vec::new();
        for (index, file) in profile.files.iter().enumerate() {
            let at = |(pattern, at): &'p (String, usize)| (pattern.as_str(), Some((index, *at)));
            plain.extend(file.said.inherit.iter().map(at));
            on_purpose.extend(file.said.inherit_credentials.iter().map(at));
        }
        let mut credentials = Vec::new();
        for (sources, source) in
            profile.stacks.iter().flat_map(|stack| stack.sources.all().map(move |source| (&stack.sources, source)))
        {
            credentials.extend(
                source.kind.credentials.iter().copied().flatten().map(|pattern| (*pattern, source.name.as_str())),
            );
            let variables = source.references().filter(|(_, reference, _)| {
                sources.get(&reference.source).is_some_and(|other| other.kind.name == "env")
            });
            credentials.extend(variables.map(|(_, reference, _)| (reference.locator.as_str(), source.name.as_str())));
            credentials.extend(source.list("credentials").iter().map(|p| (p.as_str(), source.name.as_str())));
        }
        Self { plain, on_purpose, credentials }
    }

    /// Notes the credentials that `inherit` or `-i` names alone.
    pub fn check(&self, profile: &Profile, reports: &mut Vec<Report>) {
        for (pattern, place) in self.plain.iter().filter(|(pattern, _)| !pattern.contains('*')) {
            let Some((_, source)) = self.credential(pattern.as_bytes()) else { continue };
            let message = format!("inherit: {pattern} is a credential of source '{source}'");
            let hint = Some(format!("inherit-credentials = [\"{pattern}\"] passes it on purpose"));
            reports.push(match place {
                Some((file, at)) => profile.files[*file].report(*at, message, hint),
                None => Report { place: None, message, hint },
            });
        }
    }

    /// The pattern and the source of which a variable is a credential.
    fn credential(&self, name: &[u8]) -> Option<(&'p str, &'p str)> {
        self.credentials.iter().find(|(pattern, _)| matches(pattern.as_bytes(), name)).copied()
    }

    /// The pattern that lets a variable of the caller's through, where one does.
    pub fn by(&self, name: &[u8]) -> Option<Pattern<'p>> {
        let one_of =
            |patterns: &[Pattern<'p>]| patterns.iter().find(|(pattern, _)| matches(pattern.as_bytes(), name)).copied();
        let plainly = || one_of(&self.plain).filter(|_| self.credential(name).is_none());
        one_of(&self.on_purpose).or_else(plainly)
    }
}
