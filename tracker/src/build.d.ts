/** True in the full build, false in the base one: a constant to the bundler, which drops the branches not taken. */
declare const EXTENSIONS: boolean;
