import type { NextApiRequest, NextApiResponse } from 'next'

export default function handler(request: NextApiRequest, response: NextApiResponse) {
  if (request.query['fail']) throw new Error('thrown by pages/api')
  response.status(200).json({ legacy: true, method: request.method })
}
