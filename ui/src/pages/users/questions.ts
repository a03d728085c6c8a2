// What is asked before something happens to somebody's account.

import type { UserItem } from "../../api/schema";

export type UserAct = "link" | "factors" | "disable" | "enable";

interface Question {
  title: string;
  action: string;
  danger: boolean;
  text: string;
}

export function userQuestion(act: UserAct, { username }: Pick<UserItem, "username">): Question {
  switch (act) {
    case "link":
      return {
        title: `Let ${username} choose a new password?`,
        action: "Make the link",
        danger: false,
        text: "You get a link that works once, within a day. An earlier link is worth nothing then.",
      };
    case "factors":
      return {
        title: `Take the second factors of ${username} away?`,
        action: "Take them away",
        danger: true,
        text: "App, passkeys and recovery codes are gone and all sessions end. Make sure that it is really they who ask for it.",
      };
    case "disable":
      return {
        title: `Disable ${username}?`,
        action: "Disable",
        danger: true,
        text: "Their sessions, keys and tokens end at once. The keys do not come back when you enable the account again.",
      };
    case "enable":
      return {
        title: `Enable ${username} again?`,
        action: "Enable",
        danger: false,
        text: "They can sign in with the password and the second factors of before.",
      };
  }
}
