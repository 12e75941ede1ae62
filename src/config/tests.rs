use super::*;

fn with_file(text: &str) -> (tempfile::TempDir, Sources) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("holdfast.toml");
    std::fs::write(&path, text).unwrap();
    (folder, Sources { file: Some(path), ..Sources::default() })
}

fn variables(pairs: &[(&str, &str)]) -> Sources {
    let owned = |(name, text): &(&str, &str)| ((*name).to_owned(), (*text).to_owned());
    Sources { variables: pairs.iter().map(owned).collect(), ..Sources::default() }
}

/// Messages without the folder of the file.
fn refusals(sources: &Sources) -> Vec<String> {
    let errors = Config::load(sources).unwrap_err();
    let folder = sources.file.as_ref().and_then(|path| path.parent());
    let prefix = folder.map(|path| format!("{}/", path.display())).unwrap_or_default();
    errors.iter().map(|error| error.to_string().replace(&prefix, "")).collect()
}

fn refusals_of(text: &str) -> Vec<String> {
    let (_folder, sources) = with_file(text);
    refusals(&sources)
}

fn origin_of(config: &Config, path: &str) -> String {
    let mut values = config.effective.values();
    values.find(|value| value.key.path() == path).unwrap().origin.to_string()
}

#[test]
fn every_default_is_accepted_by_its_own_key() {
    let config = Config::load(&Sources::default()).unwrap();

    assert_eq!(config.server.https, Some("[::]:8443".parse().unwrap()));
    assert_eq!(config.server.body_size_bytes_max, 512 * 1024);
    assert_eq!(config.limits.requests_per_min, 6000);
    assert_eq!(config.monitoring.allowed.len(), 2);
    assert_eq!(config.data(), Path::new("/var/lib/holdfast"));
    assert!(config.effective.values().all(|value| value.origin == Origin::Default));
}

#[test]
fn file_environment_and_flags_win_in_this_order() {
    let text = "# box\n[server]\nhttps = \"[::]:1\"\nhttp = \"[::]:2\"\nconnections_max = 10\n";
    let (_folder, mut sources) = with_file(text);
    sources.variables = vec![
        ("HOLDFAST_SERVER__HTTPS".to_owned(), "[::]:3".to_owned()),
        ("HOLDFAST_SERVER__HTTP".to_owned(), "[::]:4".to_owned()),
    ];
    sources.flags = vec![("server.https", "[::]:5".to_owned())];

    let config = Config::load(&sources).unwrap();

    assert_eq!(config.server.https, Some("[::]:5".parse().unwrap()));
    assert_eq!(config.server.http, Some("[::]:4".parse().unwrap()));
    assert_eq!(config.server.connections_max, 10);
    assert_eq!(origin_of(&config, "server.https"), "flag --https");
    assert_eq!(origin_of(&config, "server.http"), "env HOLDFAST_SERVER__HTTP");
    assert!(origin_of(&config, "server.connections_max").ends_with("holdfast.toml:5"));
    assert_eq!(origin_of(&config, "server.names"), "default");
}

#[test]
fn an_unknown_key_is_refused_with_its_line_and_the_closest_match() {
    let text = "[server]\nhttps = \"[::]:1\"\n\nreqest_timeout_s = 5\n";
    assert_eq!(
        refusals_of(text),
        ["holdfast.toml:4: server.reqest_timeout_s is not a setting; \
          did you mean server.request_timeout_s?"]
    );
    assert_eq!(
        refusals_of("[storage]\nlevel = \"info\"\n"),
        ["holdfast.toml:2: storage.level is not a setting; did you mean logs.level?"]
    );
    assert_eq!(
        refusals_of("[server]\nzzzzzzzzzzzzzzzz = 1\n"),
        ["holdfast.toml:2: server.zzzzzzzzzzzzzzzz is not a setting"]
    );
    assert_eq!(
        refusals_of("[sever]\nhttps = 1\n"),
        ["holdfast.toml:1: [sever] is not a section; did you mean server?"]
    );
    assert_eq!(
        refusals_of("https = \"[::]:1\"\n"),
        ["holdfast.toml:1: https stands outside a section; did you mean server.https?"]
    );
    assert_eq!(
        refusals_of("server.htps = 5\n"),
        ["holdfast.toml:1: server.htps is not a setting; did you mean server.https?"]
    );
}

#[test]
fn a_bad_value_is_refused_with_file_line_and_key() {
    let refusals = refusals_of(
        "[server]\nhttps = \"8443\"\nconnections_max = 0\nrequest_timeout_s = \"30\"\n\
         names = [1]\ntrusted_proxies = [\"10.0.0.0/40\"]\nidle_timeout_s = 7.5\n\
         [logs]\nlevel = \"loud\"\naccess = 1\n[storage]\ndata = \"\"\n\
         readers_per_file = 99999999999999999999\n",
    );

    let expected = [
        "holdfast.toml:2: server.https must be an IP address with a port such as `0.0.0.0:8443` \
         or `[::]:8443`, or empty for off, not \"8443\"",
        "holdfast.toml:3: server.connections_max must be from 8 to 100000, not 0",
        "holdfast.toml:4: server.request_timeout_s must be a whole number, not a text",
        "holdfast.toml:5: server.names must be a list of texts only",
        "holdfast.toml:6: server.trusted_proxies must be a list of networks such as \
         `[\"192.168.1.0/24\", \"::1\"]`, not \"10.0.0.0/40\"",
        "holdfast.toml:7: server.idle_timeout_s must not be a number with a point",
        "holdfast.toml:9: logs.level must be `error`, `warn`, `info`, `debug` or `trace`, \
         not \"loud\"",
        "holdfast.toml:10: logs.access must be true or false, not a whole number",
        "holdfast.toml:12: storage.data must not be empty",
        "holdfast.toml:13: storage.readers_per_file is out of range: 99999999999999999999",
    ];
    for line in expected {
        assert!(refusals.iter().any(|refusal| refusal == line), "{line}\nin {refusals:#?}");
    }
    assert_eq!(refusals.len(), expected.len(), "{refusals:#?}");
}

#[test]
fn a_file_that_is_no_toml_names_the_line() {
    let refusals = refusals_of("[server]\nhttps = \"[::]:1\"\nhttps = \"[::]:2\"\n");
    assert_eq!(refusals, ["holdfast.toml:3: is not valid TOML: duplicate key"]);
}

#[test]
fn a_named_file_must_exist() {
    let file = Some(PathBuf::from("/nowhere/holdfast.toml"));
    let errors = Config::load(&Sources { file, ..Sources::default() }).unwrap_err();
    assert_eq!(errors[0].to_string(), "/nowhere/holdfast.toml does not exist");
    assert!(errors[0].is_missing_file);
}

#[test]
fn variables_are_read_by_the_type_of_their_key() {
    let config = Config::load(&variables(&[
        ("HOLDFAST_SERVER__NAMES", "Box.lan, 192.168.1.5,"),
        ("HOLDFAST_SERVER__TRUSTED_PROXIES", "10.1.2.3/8,::1"),
        ("HOLDFAST_LOGS__ACCESS", "false"),
        ("HOLDFAST_LOGS__SLOW_STATEMENT_MS", "250"),
        ("HOLDFAST_CONFIG", "/etc/x.toml"),
        ("HOLDFAST_TARGET_SECRET", "other programs' matter"),
        ("PATH", "/bin"),
    ]))
    .unwrap();

    let names: Vec<_> = config.server.names.iter().map(HostName::as_str).collect();
    assert_eq!(names, ["box.lan", "192.168.1.5"]);
    let proxies: Vec<_> = config.server.trusted_proxies.iter().map(ToString::to_string).collect();
    assert_eq!(proxies, ["10.0.0.0/8", "::1/128"]);
    assert!(!config.logs.access);
    assert_eq!(config.logs.slow_statement_ms, 250);
}

#[test]
fn a_variable_that_misses_its_key_is_refused() {
    assert_eq!(
        refusals(&variables(&[("HOLDFAST_SERVER__HTPS", "[::]:1")])),
        ["env HOLDFAST_SERVER__HTPS: server.htps is not a setting; did you mean server.https?"]
    );
    assert_eq!(
        refusals(&variables(&[("HOLDFAST_SERVER_HTTPS", "[::]:1")])),
        ["env HOLDFAST_SERVER_HTTPS: HOLDFAST_SERVER_HTTPS is not a setting; \
          did you mean HOLDFAST_SERVER__HTTPS?"]
    );
    assert_eq!(
        refusals(&variables(&[("HOLDFAST_LOGS__ACCESS", "yes")])),
        ["env HOLDFAST_LOGS__ACCESS: logs.access must be true or false, not \"yes\""]
    );
}

#[test]
fn values_that_contradict_each_other_are_refused() {
    assert_eq!(
        refusals_of("[server]\nhttps = \"\"\n"),
        ["holdfast.toml:2: server.https is off, and so is server.behind_proxy: \
          nobody could reach the box"]
    );
    assert_eq!(
        refusals_of("[tls]\nmode = \"own\"\n"),
        [
            "tls.certificate is needed when tls.mode is `own`",
            "tls.key is needed when tls.mode is `own`"
        ]
    );
    assert_eq!(
        refusals_of("[tls]\ncertificate = \"a.pem\"\n"),
        ["holdfast.toml:2: tls.certificate is used only while tls.mode is `own`"]
    );
    assert_eq!(
        refusals_of("[sessions]\nidle_min = 10\n"),
        ["sessions.rotate_min must not be above sessions.idle_min"]
    );
    assert_eq!(
        refusals_of("[server]\nhttps=\"\"\nbehind_proxy=\"127.0.0.1:80\"\nhttp=\"[::]:80\"\n"),
        ["holdfast.toml:4: server.http only leads to HTTPS and needs server.https"]
    );
    let (_folder, sources) = with_file("[server]\nhttps=\"\"\nbehind_proxy=\"127.0.0.1:80\"\n");
    assert!(Config::load(&sources).is_ok());
    let (_folder, sources) = with_file("[server]\nhttps=\"[::1]:0\"\nhttp=\"[::1]:0\"\n");
    assert!(Config::load(&sources).is_ok());
}

#[test]
fn a_secret_is_never_printed() {
    let secret = "correct-horse-battery-staple";
    let (_folder, sources) = with_file(&format!("[monitoring]\ntoken = \"{secret}\"\n"));

    let config = Config::load(&sources).unwrap();

    assert_eq!(config.monitoring.token.reveal(), secret);
    let token = config.effective.values().find(|value| value.key.name == "token").unwrap();
    assert_eq!(token.shown(), None);
    assert!(!format!("{config:?}").contains(secret));
    for bad in ["short", "with\\u0007control-characters"] {
        let refusals = refusals_of(&format!("[monitoring]\ntoken = \"{bad}\"\n"));
        assert!(refusals[0].contains("monitoring.token must"), "{refusals:?}");
        assert!(!refusals[0].contains("short") && !refusals[0].contains("with"), "{refusals:?}");
    }
}

#[test]
fn every_key_is_explained() {
    for key in SECTIONS.iter().flat_map(|section| section.keys) {
        let path = key.path();
        assert!(key.about.trim().ends_with('.'), "{path} needs a sentence about it");
        assert_eq!((key.check)(&key.default.raw(), key.range), Ok(()), "{path}");
    }
    for (path, _) in FLAGS {
        let mut keys = SECTIONS.iter().flat_map(|section| section.keys);
        assert!(keys.any(|key| key.path() == *path), "{path} is not a key");
    }
}

#[test]
fn the_reference_page_is_fresh() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/reference/configuration.md");
    let committed = std::fs::read_to_string(path).unwrap_or_default();
    assert!(committed == reference::page(), "the page is stale; run `make generate`");
}
