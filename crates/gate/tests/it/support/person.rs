//! People who sign in, with what they hold.

use futures_util::FutureExt;
use gate::clock::Clock;
use gate::door::{Ask, Credential, Provenance, check};
use gate::factor::code::OneTimeCode;
use gate::store::Store;
use gate::{
    AccountError, Class, ClientAddress, FactorAsked, LogIn, LoggedIn, Permit, Policy, SecondFactor,
    SecondStep, SignedIn, TransactionToken, UserId,
};

use super::{PASSWORD, World, password, permit_of};

/// What every browser here calls itself.
pub(crate) const BROWSER: &str = "Firefox";

/// Somebody with an authenticator app.
pub(crate) struct Person {
    pub(crate) id: UserId,
    pub(crate) cookie: String,
    pub(crate) secret: String,
    pub(crate) codes: Vec<String>,
}

impl World {
    /// Makes a user of that role and enrols an app; the next code was not used yet.
    pub(crate) async fn enrolled(&self, name: &str, role: &str) -> Person {
        let permit = permit_of(self, &self.session(name, role)).await;
        let offer = self.gate.offer_app(&permit).unwrap();
        let confirmed =
            self.gate.confirm_app(&permit, &code_at(&offer.secret, self.second())).unwrap();
        self.clock.forward(30);
        let codes = confirmed.codes.unwrap();
        Person {
            id: self.store.user_by_name(name).unwrap().unwrap().id,
            cookie: cookie_of(confirmed.token.expose()),
            secret: offer.secret.to_string(),
            codes: codes.iter().map(|code| code.expose().to_owned()).collect(),
        }
    }

    /// The present second.
    pub(crate) fn second(&self) -> i64 {
        self.clock.now().as_second()
    }

    /// The permit of somebody at the sign-in page.
    pub(crate) fn visitor(&self) -> Permit {
        let ask = Ask {
            client: ClientAddress::network("192.0.2.1".parse().unwrap()),
            request_id: self.gate.request_id(),
            credential: Credential::None,
            device: None,
            provenance: Provenance::SameOrigin,
            policy: Policy::public(Class::Auth),
            operation: "test".into(),
            object: None,
        };
        // Nothing has to be looked up for a public route, so nothing is waited for.
        check(&self.gate, ask).now_or_never().unwrap().unwrap().permit
    }

    /// Shows the password.
    pub(crate) fn log_in(&self, name: &str) -> Result<LoggedIn, AccountError> {
        let form = LogIn {
            username: name.to_owned(),
            password: password(PASSWORD),
            user_agent: Some(BROWSER.to_owned()),
        };
        self.gate.log_in(&self.visitor(), &form)
    }

    /// Shows the password and is asked for more.
    pub(crate) fn asked(&self, name: &str) -> FactorAsked {
        match self.log_in(name).unwrap() {
            LoggedIn::NeedsFactor(asked) => asked,
            LoggedIn::SignedIn(_) => panic!("no second factor was asked for"),
        }
    }

    /// Shows the second factor.
    pub(crate) fn second_step(
        &self,
        transaction: &TransactionToken,
        shown: SecondFactor,
    ) -> Result<SignedIn, AccountError> {
        let user_agent = Some(BROWSER.to_owned());
        let step = SecondStep { transaction: transaction.clone(), shown, user_agent };
        self.gate.second_step(&self.visitor(), &step)
    }
}

impl Person {
    /// What the app shows now.
    pub(crate) fn code(&self, world: &World) -> SecondFactor {
        SecondFactor::Code(code_at(&self.secret, world.second()))
    }

    /// One of the recovery codes.
    pub(crate) fn recovery_code(&self, number: usize) -> SecondFactor {
        SecondFactor::RecoveryCode(OneTimeCode::new(&self.codes[number]))
    }
}

/// The code that an app of this secret shows at that second.
pub(crate) fn code_at(secret: &str, second: i64) -> OneTimeCode {
    OneTimeCode::new(&testkit::totp_code(secret, second).unwrap())
}

/// A code that no app shows.
pub(crate) fn wrong_code() -> SecondFactor {
    SecondFactor::Code(OneTimeCode::new("no code"))
}

pub(crate) fn cookie_of(token: &str) -> String {
    format!("__Host-shelduck={token}")
}
