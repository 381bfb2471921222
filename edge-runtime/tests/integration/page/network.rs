//! The page on a network: nobody without the token, nothing without TLS.

use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt;

use edge_runtime::ui::web::{self, PageError, PageOptions};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;

use crate::support::http::{self, Answer, secure};
use crate::support::page::ServedPage;

const TOKEN: &str = "correct-horse-battery";

struct NetworkPage {
    served: ServedPage,
    address: SocketAddr,
    certificate: CertificateDer<'static>,
}

impl NetworkPage {
    fn new() -> Self {
        let served = ServedPage::with(|folder| {
            let token_file = folder.join("token");
            std::fs::write(&token_file, TOKEN).unwrap();
            std::fs::set_permissions(&token_file, std::fs::Permissions::from_mode(0o600)).unwrap();
            PageOptions {
                listen: "0.0.0.0:0".parse().unwrap(),
                token_file: Some(token_file),
                tls_folder: folder.join("page"),
                ..PageOptions::default()
            }
        });
        let address = ([127, 0, 0, 1], served.address.port()).into();
        let certificate = CertificateDer::from_pem_file(served.at("page/certificate.pem")).unwrap();
        NetworkPage { served, address, certificate }
    }

    fn get(&self, path: &str, more: &str) -> Answer {
        let head = format!("GET {path} HTTP/1.1\r\nHost: ward1\r\nConnection: close\r\n{more}\r\n");
        secure(self.address, &self.certificate, &head)
    }

    fn sign_in(&self, token: &str) -> Answer {
        let body = format!("token={token}");
        let head = "POST /login HTTP/1.1\r\nHost: ward1\r\nOrigin: https://ward1\r\nConnection: close\r\n\
                    Content-Type: application/x-www-form-urlencoded\r\n";
        secure(
            self.address,
            &self.certificate,
            &format!("{head}Content-Length: {}\r\n\r\n{body}", body.len()),
        )
    }
}

#[test]
fn nobody_gets_in_without_the_token() {
    let page = NetworkPage::new();
    for path in ["/", "/records", "/records/1", "/records/1/image.jpg", "/healthz", "/metrics", "/live", "/x"]
    {
        let machine = page.get(path, "");
        assert_eq!((machine.status, machine.header("www-authenticate").is_some()), (401, true), "{path}");
        let person = page.get(path, "Accept: text/html\r\n");
        assert_eq!((person.status, person.header("location")), (303, Some("/login")), "{path}");
        assert!(!person.text().contains("Pneumonia"));
    }
    let form = page.get("/login", "Accept: text/html\r\n");
    assert!(form.status == 200 && form.text().contains("Access word"));
    for more in [
        "Authorization: Bearer wrong\r\n",
        "Authorization: Basic Y29ycmVjdA==\r\n",
        "Cookie: __Host-session=\r\n",
        "Cookie: __Host-session=correct-horse-battery\r\n",
    ] {
        assert_eq!(page.get("/healthz", more).status, 401, "{more}");
    }
    let wrong = page.sign_in("correct-horse-batter");
    assert_eq!((wrong.status, wrong.header("set-cookie")), (403, None));
    assert!(wrong.text().contains("That is not the access word."));
    // Without TLS there is no HTTP.
    let plain = http::reach(page.address, "GET / HTTP/1.1\r\nHost: ward1\r\n\r\n");
    assert!(plain.is_none());
}

#[test]
fn people_sign_in_and_out_and_machines_bring_the_token() {
    let page = NetworkPage::new();
    let bearer = format!("Authorization: Bearer {TOKEN}\r\n");
    assert_eq!(page.get("/healthz", &bearer).status, 200);
    assert!(page.get("/metrics", &bearer).text().contains("xray_edge_healthy 1"));
    let signed_in = page.sign_in(TOKEN);
    assert_eq!((signed_in.status, signed_in.header("location")), (303, Some("/")));
    let cookie = signed_in.header("set-cookie").unwrap();
    for attribute in ["HttpOnly", "Secure", "SameSite=Strict", "Path=/"] {
        assert!(cookie.contains(attribute), "{cookie}");
    }
    assert!(!cookie.contains(TOKEN));
    let cookie = format!("Cookie: {}\r\n", cookie.split(';').next().unwrap());
    let home = page.get("/", &cookie);
    assert!(home.status == 200 && home.text().contains("Sign out"));
    // A session that ended, as with a restart, leaves no old result on a phone: the page goes to the form.
    assert!(home.text().contains("answer.status === 401) { location.href = \"/login\"; return; }"));
    assert!(home.text().contains("main.hidden = true;"));
    assert_eq!(page.get("/records/1/image.jpg", &cookie).status, 200);
    let out = format!(
        "POST /logout HTTP/1.1\r\nHost: ward1\r\nOrigin: https://ward1\r\nConnection: close\r\n{cookie}Content-Length: 0\r\n\r\n"
    );
    assert_eq!(secure(page.address, &page.certificate, &out).status, 303);
    assert_eq!(page.get("/", &cookie).status, 401);
    assert_eq!(page.served.contents.len(), 3);
}

#[test]
fn a_form_that_is_too_large_is_refused() {
    let page = NetworkPage::new();
    assert_eq!(page.sign_in(&"x".repeat(10_000)).status, 413);
}

#[test]
fn files_that_do_not_fit_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let token_file = folder.path().join("token");
    let options = PageOptions {
        listen: "0.0.0.0:0".parse().unwrap(),
        token_file: Some(token_file.clone()),
        tls_folder: folder.path().join("page"),
        ..PageOptions::default()
    };
    assert!(matches!(web::check(&options), Err(PageError::File { file, .. }) if file == token_file));
    std::fs::write(&token_file, "short").unwrap();
    std::fs::set_permissions(&token_file, std::fs::Permissions::from_mode(0o600)).unwrap();
    assert!(matches!(web::check(&options), Err(PageError::Token { .. })));
    std::fs::set_permissions(&token_file, std::fs::Permissions::from_mode(0o604)).unwrap();
    assert!(matches!(web::check(&options), Err(PageError::TokenOpen { .. })));
}
