// Copyright (c) 2026 ucops contributors
// GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later
//
// The public client ews-javascript-api, told what to do by a test: a line of JSON in is {"call": name, "with": {...}}, a
// line out is {"result": ...} or {"error": {"code", "message", "status"}}, with the "answers" of the server. Times are ISO 8601 in UTC.
"use strict";

const readline = require("readline");
const ews = require("ews-javascript-api");
const { XhrApi } = require("@ewsjs/xhr");

// The client's own transport, which also notes what it is answered.
const answers = [];

class Transport extends XhrApi {
  async xhr(...asked) {
    try {
      const answer = await super.xhr(...asked);
      answers.push(answer.responseText || answer.response);
      return answer;
    } catch (error) {
      answers.push(error.responseText || error.response || "");
      throw error;
    }
  }
}

let service = null;
const subscriptions = new Map();

const time = (text) => ews.DateTime.Parse(text);
const iso = (moment) => (moment ? moment.ToISOString() : null);
const calendar = () => new ews.FolderId(ews.WellKnownFolderName.Calendar);
const bind = (id) => ews.Appointment.Bind(service, new ews.ItemId(id));
const occurrence = ({ master, index }) => ews.Appointment.BindToOccurrence(service, new ews.ItemId(master), index);

// What the client has not loaded it refuses to tell, by an exception of its own.
function told(read) {
  try {
    return read();
  } catch (error) {
    return null;
  }
}

function shown(item) {
  return {
    id: item.Id.UniqueId,
    subject: told(() => item.Subject),
    location: told(() => item.Location) || null,
    start: iso(item.Start),
    end: iso(item.End),
    kind: ews.AppointmentType[told(() => item.AppointmentType)],
    show_as: ews.LegacyFreeBusyStatus[told(() => item.LegacyFreeBusyStatus)],
    all_day: told(() => item.IsAllDayEvent),
    categories: told(() => item.Categories.GetEnumerator().slice()) || [],
    body: told(() => item.Body.Text),
  };
}

function write(item, fields) {
  const { start, end, show_as, all_day, weekly, attendees, ...plain } = fields;
  const names = { subject: "Subject", location: "Location" };
  for (const [field, value] of Object.entries(plain)) item[names[field]] = value;
  if (start) item.Start = time(start);
  if (end) item.End = time(end);
  if (show_as) item.LegacyFreeBusyStatus = ews.LegacyFreeBusyStatus[show_as];
  if (all_day) item.IsAllDayEvent = true;
  for (const address of attendees || []) item.RequiredAttendees.Add(address);
  if (weekly) {
    const days = weekly.days.map((day) => ews.DayOfTheWeek[day]);
    item.Recurrence = new ews.Recurrence.WeeklyPattern(item.Start.Date, 1, days);
    item.Recurrence.StartDate = time(start);
    item.Recurrence.NumberOfOccurrences = weekly.times;
  }
}

function event(one) {
  return {
    event: ews.EventType[one.EventType],
    item: told(() => one.ItemId.UniqueId),
    at: iso(told(() => one.TimeStamp)),
  };
}

const EVENTS = [ews.EventType.Created, ews.EventType.Modified, ews.EventType.Deleted];

const calls = {
  async connect({ url, username, password, auth, mailbox }) {
    service = new ews.ExchangeService(ews.ExchangeVersion.Exchange2013_SP1);
    service.Url = new ews.Uri(url);
    service.Credentials = new ews.WebCredentials(username, password);
    const transport = new Transport();
    if (auth === "ntlm") transport.useNtlmAuthentication(username, password);
    ews.ConfigurationApi.ConfigureXHR(transport);
    service.ImpersonatedUserId = mailbox
      ? new ews.ImpersonatedUserId(ews.ConnectingIdType.SmtpAddress, mailbox)
      : null;
    return null;
  },

  async folder() {
    const found = await ews.Folder.Bind(service, ews.WellKnownFolderName.Calendar);
    return { name: found.DisplayName, items: found.TotalCount, class: found.FolderClass };
  },

  async view({ start, end, most }) {
    const view = most
      ? new ews.CalendarView(time(start), time(end), most)
      : new ews.CalendarView(time(start), time(end));
    const found = await service.FindAppointments(ews.WellKnownFolderName.Calendar, view);
    return found.Items.map(shown);
  },

  async create(fields) {
    const item = new ews.Appointment(service);
    write(item, fields);
    await item.Save(ews.WellKnownFolderName.Calendar, ews.SendInvitationsMode.SendToNone);
    return item.Id.UniqueId;
  },

  async read({ id }) {
    return shown(await bind(id));
  },

  async update({ id, fields }) {
    const item = await bind(id);
    write(item, fields);
    await item.Update(
      ews.ConflictResolutionMode.AutoResolve,
      ews.SendInvitationsOrCancellationsMode.SendToNone,
    );
    return null;
  },

  async remove({ id }) {
    const item = await bind(id);
    await item.Delete(ews.DeleteMode.HardDelete, ews.SendCancellationsMode.SendToNone);
    return null;
  },

  async read_occurrence(which) {
    return shown(await occurrence(which));
  },

  async update_occurrence({ fields, ...which }) {
    const item = await occurrence(which);
    write(item, fields);
    await item.Update(
      ews.ConflictResolutionMode.AutoResolve,
      ews.SendInvitationsOrCancellationsMode.SendToNone,
    );
    return null;
  },

  async remove_occurrence(which) {
    const item = await occurrence(which);
    await item.Delete(ews.DeleteMode.HardDelete, ews.SendCancellationsMode.SendToNone);
    return null;
  },

  async free_busy({ mailbox, start, end, interval }) {
    const options = new ews.AvailabilityOptions();
    options.MergedFreeBusyInterval = interval;
    options.RequestedFreeBusyView = ews.FreeBusyViewType.DetailedMerged;
    const answer = await service.GetUserAvailability(
      [new ews.AttendeeInfo(mailbox)],
      new ews.TimeWindow(time(start), time(end)),
      ews.AvailabilityData.FreeBusy,
      options,
    );
    const [found] = answer.AttendeesAvailability.Responses;
    if (found.ErrorCode !== ews.ServiceError.NoError) {
      return { code: ews.ServiceError[found.ErrorCode] };
    }
    return {
      merged: found.MergedFreeBusyStatus.join(""),
      events: found.CalendarEvents.map((one) => [
        iso(one.StartTime),
        iso(one.EndTime),
        ews.LegacyFreeBusyStatus[one.FreeBusyStatus],
      ]),
    };
  },

  async replies({ mailbox }) {
    const found = await service.GetUserOofSettings(mailbox);
    return {
      state: ews.OofState[found.State],
      audience: ews.OofExternalAudience[found.ExternalAudience],
      start: found.Duration ? iso(found.Duration.StartTime) : null,
      end: found.Duration ? iso(found.Duration.EndTime) : null,
      internal: found.InternalReply.Message,
      external: found.ExternalReply.Message,
    };
  },

  async set_replies({ mailbox, state, audience, start, end, internal, external }) {
    const wanted = new ews.OofSettings();
    wanted.State = ews.OofState[state];
    wanted.ExternalAudience = ews.OofExternalAudience[audience];
    if (start) wanted.Duration = new ews.TimeWindow(time(start), time(end));
    wanted.InternalReply = new ews.OofReply(internal);
    wanted.ExternalReply = new ews.OofReply(external);
    await service.SetUserOofSettings(mailbox, wanted);
    return null;
  },

  async names({ text }) {
    const found = await service.ResolveName(text);
    return found.GetEnumerator().map((one) => one.Mailbox.Address);
  },

  async zones() {
    return (await service.GetServerTimeZones()).length;
  },

  async pull() {
    const made = await service.SubscribeToPullNotifications([calendar()], 10, null, ...EVENTS);
    subscriptions.set(made.Id, made);
    return made.Id;
  },

  async events({ id }) {
    const found = await subscriptions.get(id).GetEvents();
    return found.AllEvents.map(event);
  },

  async unsubscribe({ id }) {
    await subscriptions.get(id).Unsubscribe();
    return null;
  },

  async push({ url, minutes }) {
    const made = await service.SubscribeToPushNotifications(
      [calendar()],
      new ews.Uri(url),
      minutes,
      null,
      ...EVENTS,
    );
    return made.Id;
  },

  // Creates an item while the stream is open, and ends with the events that the stream has brought.
  async stream(fields) {
    const made = await service.SubscribeToStreamingNotifications([calendar()], ...EVENTS);
    const connection = new ews.StreamingSubscriptionConnection(service, 1);
    connection.AddSubscription(made);
    const arrived = new Promise((resolve, reject) => {
      connection.OnNotificationEvent.push((_, told) => resolve(told.Events.map(event)));
      connection.OnSubscriptionError.push((_, told) => reject(told.Exception));
    });
    connection.Open().catch(() => null);
    const id = await calls.create(fields);
    const events = await arrived;
    connection.Close();
    return { id, events };
  },
};

function failure(error) {
  const response = error.Response || error.response || null;
  // A SOAP fault tells it by one name, an answer to a single item by another.
  const code = [error.ResponseCode, error.ErrorCode, response && response.ErrorCode].find(
    (one) => one !== null && one !== undefined,
  );
  return {
    code: typeof code === "number" ? ews.ServiceError[code] : code || null,
    message: error.Message || error.message || error.faultString || String(error),
    status: error.HttpStatusCode || error.status || null,
    back_off: told(() => error.ErrorDetails.get("BackOffMilliseconds")) || null,
  };
}

async function answer(line) {
  try {
    const { call, with: given } = JSON.parse(line);
    const result = await calls[call](given || {});
    return { result, answers: answers.splice(0) };
  } catch (error) {
    return { error: failure(error), answers: answers.splice(0) };
  }
}

async function main() {
  // The client writes to the console when it is in trouble; the answers have that channel for themselves.
  const out = process.stdout.write.bind(process.stdout);
  console.log = console.error;
  for await (const line of readline.createInterface({ input: process.stdin })) {
    out(`${JSON.stringify(await answer(line))}\n`);
  }
  // A connection that the client keeps open shall not hold the process.
  process.exit(0);
}

main();
