//! Attacks of the classes that systems of this kind have fallen to.

mod definitions;
mod fuzz;
mod garble;
mod guesses;
mod reach;
mod redefinition;
mod sight;
mod trespass;
mod whispers;
