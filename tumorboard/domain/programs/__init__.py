"""The rulebooks that come with the service, one TOML file per programme; a centre's own lie in its directory."""
