// What the page says, in Chinese and English. A word that is missing in one fails a test.

export const WORDS = {
  zh: {
    code: "zh-CN",
    other: "English",
    title: "Veilway 扫码",
    signIn: "登录",
    signInHelp: "请输入快递员令牌。令牌会与本机绑定，换手机请联系站点。",
    token: "快递员令牌",
    station: "站点编号（可不填）",
    signOut: "退出",
    find: "扫描面单",
    cameraOn: "打开相机",
    cameraOff: "关闭相机",
    torch: "手电",
    number: "手工输入运单号或二维码内容",
    look: "查询",
    next: "下一件",
    send: "立即发送",
    call: "拨打",
    extension: "转",
    delivered: "已签收",
    exception: "异常件",
    returned: "退回",
    out_for_delivery: "开始派送",
    reveal: "查看完整信息",
    reason: "查看原因",
    revealNote: "查看会留痕，并告知商家和收件人。",
    recipient: "收件人",
    sender: "寄件人",
    third_party: "第三方",
    waybill: "运单号",
    routing: "三段码",
    remark: "备注",
    goods: "物品",
    waiting: "待发送：",
    reasons: {
      address_unclear: "地址不清",
      address_wrong: "地址与实际不符",
      identity_check: "核对证件",
      unreachable: "电话联系不上",
      damaged: "包裹破损",
    },
    stages: {
      created: "已下单",
      picked_up: "已揽收",
      in_transit: "运输中",
      at_station: "已到派件站",
      out_for_delivery: "派送中",
      delivered: "已签收",
      returned: "退回中",
      exception: "异常",
      closed: "已结束",
    },
    limits: {
      reveal_quota: "此件的查看次数已用完",
      people_budget: "今日可查看的人数已达上限",
      window_over: "可查看的时间已过",
      window_not_open: "到派件站后才能查看",
      clock_stepped_back: "时间异常，暂不能查看",
      other_station: "不在本站点",
      other_region: "不在本区域",
      agreement_over: "承运协议已到期",
      agreement_not_begun: "承运协议尚未生效",
      consent_missing: "缺少收件人单独同意",
      border_without_basis: "缺少跨境依据",
      purpose_not_allowed: "此用途不能查看",
    },
    errors: {
      ticket_refused: "查不到此件，或不属于您的公司。",
      courier_unauthenticated: "令牌无效或已停用，请重新登录。",
      carrier_token_refused: "公司签发的令牌无效或已过期，请重新登录。",
      proof_refused: "本机未通过验证，请检查手机时间后重试。",
      device_enrolled: "此令牌已绑定另一台手机，请联系站点。",
      overloaded: "服务繁忙，请稍后再试。",
      other: "未成功，请重试。",
    },
    queued: "没有网络，已保存，联网后自动发送。",
    notSent: "还有扫描未发送；再按一次退出，将丢弃它们。",
    sent: "已发送保存的扫描。",
    sentSome: "件未被接受，请重新扫描。",
    noCamera: "无法使用相机，请手工输入。",
    needsHttps: "请使用 https 打开此页面。",
    looking: "查询中…",
    done: "已记录。",
    scanning: "对准面单上的码",
  },
  en: {
    code: "en",
    other: "中文",
    title: "Veilway scan",
    signIn: "Sign in",
    signInHelp: "Enter your courier token. It will be bound to this phone; ask your depot when you change phones.",
    token: "Courier token",
    station: "Station (may stay empty)",
    signOut: "Sign out",
    find: "Scan a label",
    cameraOn: "Open camera",
    cameraOff: "Close camera",
    torch: "Torch",
    number: "Or type the waybill, or the code's text",
    look: "Look up",
    next: "Next parcel",
    send: "Send now",
    call: "Call",
    extension: "ext.",
    delivered: "Delivered",
    exception: "Problem",
    returned: "Return",
    out_for_delivery: "Out for delivery",
    reveal: "Show in full",
    reason: "Reason",
    revealNote: "This is put on record, and told to the shop and the recipient.",
    recipient: "Recipient",
    sender: "Sender",
    third_party: "Third party",
    waybill: "Waybill",
    routing: "Routing code",
    remark: "Remark",
    goods: "Goods",
    waiting: "To be sent: ",
    reasons: {
      address_unclear: "Address is unclear",
      address_wrong: "Address does not fit the place",
      identity_check: "Identity document to be checked",
      unreachable: "Nobody answers the phone",
      damaged: "Parcel is damaged",
    },
    stages: {
      created: "Ordered",
      picked_up: "Picked up",
      in_transit: "In transit",
      at_station: "At the delivery depot",
      out_for_delivery: "Out for delivery",
      delivered: "Delivered",
      returned: "Going back",
      exception: "Held up",
      closed: "Closed",
    },
    limits: {
      reveal_quota: "This parcel's details were shown as often as allowed",
      people_budget: "Today's number of people is reached",
      window_over: "The time to see more is over",
      window_not_open: "More is shown once the parcel is at the depot",
      clock_stepped_back: "The clock is doubtful; no more is shown now",
      other_station: "The parcel is at another station",
      other_region: "The parcel goes to another region",
      agreement_over: "The carrier's agreement has ended",
      agreement_not_begun: "The carrier's agreement has not begun",
      consent_missing: "The recipient's consent is missing",
      border_without_basis: "There is no basis to show this across the border",
      purpose_not_allowed: "Not for this purpose",
    },
    errors: {
      ticket_refused: "No such parcel, or not your company's.",
      courier_unauthenticated: "The token is not valid any more. Sign in again.",
      carrier_token_refused: "Your company's token is not valid any more. Sign in again.",
      proof_refused: "This phone was not recognised. Check its clock and try again.",
      device_enrolled: "The token is bound to another phone. Ask your depot.",
      overloaded: "The service is busy. Try again soon.",
      other: "That did not work. Try again.",
    },
    queued: "No network. Kept, and sent when there is one.",
    notSent: "Some scans are not sent yet. Press again to sign out and lose them.",
    sent: "Kept scans were sent.",
    sentSome: " not accepted; scan them again.",
    noCamera: "The camera cannot be used. Type the number.",
    needsHttps: "Open this page with https.",
    looking: "Looking…",
    done: "Recorded.",
    scanning: "Point at the code on the label",
  },
};

const KEPT = "veilway.language"; // the one thing in localStorage; says nothing of anybody

export function language() {
  const kept = localStorage.getItem(KEPT);
  if (kept in WORDS) return kept;
  return navigator.language.toLowerCase().startsWith("zh") ? "zh" : "en";
}

export function switchLanguage() {
  localStorage.setItem(KEPT, language() === "zh" ? "en" : "zh");
}

export function word(name) {
  return WORDS[language()][name];
}

/** Put the words of the language into every element that asks for one. */
export function speak() {
  document.documentElement.lang = word("code");
  document.title = word("title");
  for (const element of document.querySelectorAll("[data-word]")) element.textContent = word(element.dataset.word);
  const button = document.getElementById("language");
  button.textContent = word("other");
  button.lang = language() === "zh" ? "en" : "zh-CN";
}
